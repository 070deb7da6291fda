import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The line to PID 1 of the machine: its second serial port. We say `run NAME SECONDS`, `shell …` or `off`; it says
 * `ready UPTIME` once and `end NAME CODE` for each job. Waiting is by event: polling a 9p share costs the machine.
 */
export class Control {
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (rest: string) => void>();
  readonly #said = new Map<string, string>();
  #rest = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => this.#hear(piece.toString('latin1')));
    // The far end goes with the machine; whoever waits is told by the machine's own end.
    socket.on('error', () => {});
  }

  /** Waits for QEMU to offer the socket, then connects: what the guest says before that would be lost. */
  static async connect(path: string, deadline: number): Promise<Control> {
    while (!existsSync(path)) {
      if (Date.now() > deadline) throw new Error('QEMU offered no control socket');
      await sleep(20);
    }
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Control(socket);
  }

  send(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** Resolves with what follows `key` on the line, once it is said; a line that came before is not lost. */
  heard(key: string): Promise<string> {
    const already = this.#said.get(key);
    if (already !== undefined) return Promise.resolve(already);
    return new Promise((resolve) => this.#waiting.set(key, resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [verb = '', ...words] = line.trim().split(' ');
      const key = verb === 'end' ? `end ${words.shift() ?? ''}` : verb;
      const rest = words.join(' ');
      this.#said.set(key, rest);
      this.#waiting.get(key)?.(rest);
      this.#waiting.delete(key);
    }
  }
}
