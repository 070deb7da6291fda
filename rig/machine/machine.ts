import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadlineIn, runOk } from '../process.ts';
import { Control } from './control.ts';
import { Recordings } from './recordings.ts';
import { type MachineFiles, type MachineShape, qemuArguments } from './shape.ts';
import { socketFolder } from './sockets.ts';

export type MachineOptions = {
  readonly shape: MachineShape;
  readonly kernel: string;
  readonly initramfs: string;
  /** The image; it is never written, each boot has an overlay of its own. */
  readonly image: string;
  /** An ext4 image that appears as /opt/vfioctl; null for none. */
  readonly tool: string | null;
  /** Where run folders are made. */
  readonly runs: string;
  /** Outer deadline of the machine's whole life. */
  readonly lifeSeconds: number;
  /** Of an earlier boot: powered on again with what reached its disk. */
  readonly folder?: string;
  readonly say: (line: string) => void;
};

export type JobResult = {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  readonly seconds: number;
};

/** The machine itself failed, not what ran on it. */
export class MachineFailure extends Error {}

const bootSeconds = 150;

/** One machine, from power on to power off. */
export class Machine {
  readonly shape: MachineShape;
  readonly folder: string;
  readonly overlay: string;
  readonly recordings: Recordings;
  /** Seconds from power on to the answer of libvirtd. */
  readonly bootedIn: number;
  readonly #process: ChildProcess;
  readonly #control: Control;
  readonly #files: MachineFiles;
  readonly #ended: Promise<never>;
  readonly #life: NodeJS.Timeout;
  #jobs = 0;

  private constructor(parts: {
    process: ChildProcess;
    control: Control;
    files: MachineFiles;
    ended: Promise<never>;
    life: NodeJS.Timeout;
    bootedIn: number;
    shape: MachineShape;
  }) {
    this.shape = parts.shape;
    this.#process = parts.process;
    this.#control = parts.control;
    this.#files = parts.files;
    this.#ended = parts.ended;
    this.#life = parts.life;
    this.bootedIn = parts.bootedIn;
    this.folder = parts.files.folder;
    this.overlay = parts.files.disk;
    this.recordings = new Recordings(parts.files.folder);
  }

  /** Powers a machine on and waits for its libvirtd. A boot that hangs is tried once more, and that is said. */
  static async boot(options: MachineOptions): Promise<Machine> {
    try {
      return await Machine.#bootOnce(options);
    } catch (cause) {
      if (!(cause instanceof MachineFailure)) throw cause;
      options.say(`${options.shape.name}: ${cause.message}; one more try`);
      return await Machine.#bootOnce(options);
    }
  }

  static async #bootOnce(options: MachineOptions): Promise<Machine> {
    const start = Date.now();
    const deadline = deadlineIn(bootSeconds);
    mkdirSync(options.runs, { recursive: true });
    const folder = options.folder ?? mkdtempSync(join(options.runs, `${options.shape.name}-`));
    mkdirSync(join(folder, 'share'), { recursive: true });
    const sockets = socketFolder();
    const disk = join(folder, 'disk.qcow2');
    if (options.folder === undefined) {
      await runOk(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', options.image, disk], {
        deadline,
      });
    }
    const { kernel, initramfs, tool } = options;
    const files: MachineFiles = { kernel, initramfs, disk, tool, folder, sockets };
    const args = qemuArguments(options.shape, files);
    const log = openSync(join(folder, 'qemu.log'), 'a');
    // The machine must not outlive us, however we end: its parent's death kills it (prctl(2), PR_SET_PDEATHSIG).
    // A session of its own keeps a terminal's Ctrl-C away from it.
    const process = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    let unexpected: (cause: Error) => void = () => {};
    const ended = new Promise<never>((_, reject) => {
      unexpected = reject;
    });
    ended.catch(() => {});
    process.once('error', (cause) => unexpected(new MachineFailure(`QEMU does not start: ${cause.message}`)));
    process.once('exit', (code, signal) => {
      const words = readFileSync(join(folder, 'qemu.log'), 'utf8').trim();
      unexpected(new MachineFailure(`the machine went off (${signal ?? code}) ${words}`));
    });
    const life = setTimeout(() => process.kill('SIGKILL'), options.lifeSeconds * 1000);
    try {
      const control = await Promise.race([Control.connect(join(sockets, 'control'), deadline), ended]);
      await Promise.race([control.heard('ready'), ended, late(deadline, `not ready after ${bootSeconds} s`)]);
      const bootedIn = (Date.now() - start) / 1000;
      return new Machine({ process, control, files, ended, life, bootedIn, shape: options.shape });
    } catch (cause) {
      clearTimeout(life);
      process.kill('SIGKILL');
      rmSync(sockets, { recursive: true, force: true });
      throw cause;
    }
  }

  /** Runs a bash script in the machine as root. Rejects with MachineFailure when the machine does not answer in time. */
  async run(script: string, options: { readonly seconds?: number } = {}): Promise<JobResult> {
    const seconds = options.seconds ?? 120;
    const start = Date.now();
    this.#jobs += 1;
    const name = `job${this.#jobs}`;
    const file = (ending: string): string => join(this.folder, 'share', `${name}.${ending}`);
    writeFileSync(file('sh'), script);
    this.#control.send(`run ${name} ${seconds}`);
    // The machine's own `timeout` comes first; this deadline catches a machine that hangs.
    const silence = late(deadlineIn(seconds + 30), `no answer to a job within ${seconds + 30} s`);
    const code = Number(await Promise.race([this.#control.heard(`end ${name}`), this.#ended, silence]));
    const text = (ending: string): string =>
      existsSync(file(ending)) ? readFileSync(file(ending), 'utf8') : '';
    return { stdout: text('out'), stderr: text('err'), code, seconds: (Date.now() - start) / 1000 };
  }

  /** Puts a file on the share; returns its path in the machine. */
  put(source: string): string {
    copyFileSync(source, join(this.folder, 'share', basename(source)));
    return `/share/${basename(source)}`;
  }

  /** A shell of the machine on its console; resolves when the shell ends. The console's socket carries it. */
  async shell(rows: number, columns: number, terminal: string): Promise<void> {
    this.#control.send(`shell ${rows} ${columns} ${terminal}`);
    await Promise.race([this.#control.heard('end shell'), this.#ended.catch(() => {})]);
  }

  get consoleSocket(): string {
    return join(this.#files.sockets, 'console');
  }

  /** The end of the kernel's console, for a report of a failure. */
  consoleTail(lines = 40): string {
    return readFileSync(join(this.folder, 'console.log'), 'utf8').split('\n').slice(-lines).join('\n');
  }

  /** An orderly end: the machine's own when its disk matters, else QEMU's (SIGTERM), which finishes the recordings. */
  async powerOff(kind: 'machine' | 'emulator' = 'emulator'): Promise<void> {
    if (kind === 'machine') this.#control.send('off');
    else this.#process.kill('SIGTERM');
    const gone = await this.#gone(30);
    if (!gone) await this.kill();
    this.#finish();
  }

  /** The power is cut: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#gone(10);
    this.#finish();
  }

  /** Forgets the run's files. Kept after a failure, for a look. */
  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #gone(seconds: number): Promise<boolean> {
    const deadline = deadlineIn(seconds);
    while (this.#process.exitCode === null && this.#process.signalCode === null) {
      if (Date.now() > deadline) return false;
      await sleep(30);
    }
    return true;
  }

  #finish(): void {
    clearTimeout(this.#life);
    this.#control.close();
    rmSync(this.#files.sockets, { recursive: true, force: true });
  }
}

function late(deadline: number, words: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new MachineFailure(words)), deadline - Date.now()).unref();
  });
}
