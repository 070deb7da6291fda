import { Failure } from '../../failure.ts';
import type { Tree } from '../tree.ts';
import { type Answer, answer } from './answer.ts';
import { grubby } from './grubby.ts';
import { moduleKnown, moduleLoad, moduleUnload } from './kernel.ts';
import { virsh } from './libvirt.ts';
import { type SimulatedState, uptime } from './state.ts';
import { DeviceStuck, hung } from './stuck.ts';
import { systemctl, systemdRun } from './systemd.ts';

/**
 * The programs that the simulated host has: a closed list. Throws Failure `not-simulated` for every other one, so
 * that nothing is ever taken for done that was only not understood.
 */
export function command(
  state: SimulatedState,
  files: Tree,
  argv: readonly string[],
  input: string,
  pid: number,
): Answer {
  const [path = '', ...args] = argv;
  switch (path.split('/').at(-1)) {
    case 'virsh':
      return virsh(state, files, args, input);
    case 'modprobe':
      return stuckWith(state, pid, 'modprobe', () => modprobe(state, args));
    case 'grubby':
      return grubby(state.board, files, args);
    case 'dmesg':
      return answer(state.kernel.log.map((line) => `${line}\n`).join(''));
    case 'lsmod':
      return answer(lsmodText(state));
    case 'systemd-run':
      return systemdRun(state, args);
    case 'systemctl':
      return systemctl(state, args);
    case 'uname':
      if (args.join(' ') === '-r') return answer(`${state.board.kernel.release}\n`);
      break;
  }
  throw new Failure(
    'not-simulated',
    `not simulated: ${argv.join(' ')}`,
    'the simulated host answers virsh, modprobe, grubby, dmesg, lsmod and systemctl reboot',
  );
}

/** A program that is in the kernel itself where a driver does not return: not even SIGKILL ends it. */
function stuckWith(state: SimulatedState, pid: number, name: string, run: () => Answer): Answer {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DeviceStuck)) throw error;
    const startTicks = Math.floor(uptime(state) * 100);
    state.kernel.stuck.push({ address: error.address, program: { pid, startTicks, name }, guest: null });
    return hung();
  }
}

function modprobe(state: SimulatedState, args: readonly string[]): Answer {
  const [option, ...rest] = args;
  const remove = option === '-r';
  const [name, ...more] = remove ? rest : args;
  if (name === undefined || name.startsWith('-') || more.length > 0) {
    throw new Failure('not-simulated', `not simulated: modprobe ${args.join(' ')}`);
  }
  const module = name.replaceAll('-', '_');
  if (!moduleKnown(state, module)) {
    const where = `/lib/modules/${state.board.kernel.release}`;
    return answer('', 1, `modprobe: FATAL: Module ${name} not found in directory ${where}\n`);
  }
  if (!remove) moduleLoad(state, module);
  else if (state.kernel.modules.includes(module) && !moduleUnload(state, module)) {
    return answer('', 1, `modprobe: FATAL: Module ${module} is in use.\n`);
  }
  return answer('');
}

function lsmodText(state: SimulatedState): string {
  const rows = state.kernel.modules.toReversed().map((m) => `${m.padEnd(22)} 16384  0\n`);
  return `Module                  Size  Used by\n${rows.join('')}`;
}
