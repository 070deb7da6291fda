import { connect } from 'node:net';
import type { Machine } from './machine/machine.ts';

/** Leaves the terminal to a shell of the machine, until the shell ends or Ctrl-] is typed. */
export async function shellOnTerminal(machine: Machine): Promise<void> {
  const { stdin, stdout } = process;
  const socket = connect(machine.consoleSocket);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const own = machine.shape.ownCard === 'root-port' ? '01:00.0' : '00:06.0';
  stdout.write(`A machine to break. Sound cards: ${own}, 00:1b.0, 00:1f.4; guests: virsh list --all.\r\n`);
  stdout.write('`exit` or Ctrl-] powers it off and forgets it.\r\n');
  let leave: () => void = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const type = (piece: Buffer): void => {
    if (piece.includes(0x1d)) leave();
    else socket.write(piece);
  };
  // Raw: Ctrl-C, Ctrl-Z and the arrows belong to the shell in the machine.
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', type);
  stdin.resume();
  socket.on('data', (piece: Buffer) => stdout.write(piece));
  // A pipe that ends has typed its last line: the shell sees its `exit`, or the end of file that this sends.
  stdin.once('end', () => socket.write('\x04'));
  await Promise.race([
    machine.shell(stdout.rows ?? 24, stdout.columns ?? 80, process.env.TERM ?? 'vt100'),
    left,
  ]);
  stdin.off('data', type);
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.pause();
  socket.destroy();
  stdout.write('\r\n');
}
