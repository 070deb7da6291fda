import { Failure } from '../../failure.ts';
import { durable } from '../durable.ts';
import { GUARDED_MS, SILENT } from '../guarded.ts';
import type { Host, Lock, Reading, RunOptions, RunResult } from '../host.ts';
import { Tree } from '../tree.ts';
import type { Board } from './board.ts';
import { machineOff, machineOn } from './boot.ts';
import { classTree } from './class-tree.ts';
import { command } from './command.ts';
import { type Kept, NOTHING_KEPT, SimulatedDisk } from './disk.ts';
import { domainStart, domainsSettle } from './domain-life.ts';
import { jobsBefore, jobsSettle } from './job.ts';
import { kernelWrite } from './kernel-write.ts';
import { pciTree } from './pci-tree.ts';
import { procTree } from './proc-tree.ts';
import type { SimulatedState } from './state.ts';
import { stateCopy, stateNew } from './state-new.ts';
import { lockedFile } from './stuck.ts';

export type { Board } from './board.ts';
export type { SimulatedState } from './state.ts';

/**
 * A machine that exists only here: a board, whose kernel and libvirt answer a closed list of writes and commands as
 * real ones do. What is not on the list is Failure `not-simulated`. Its time is virtual: reads take none, programs
 * take as long as their like, `sleep` only moves the clock.
 */
export interface SimulatedHost extends Host {
  readonly state: SimulatedState;
  /** What its durable writes are made of. */
  readonly disk: SimulatedDisk;
  /** What a state is when the process that simulated it is killed: `simulatedHost` goes on from it. */
  toJSON(): SimulatedState;
  /** Shut down and started again: runtime state is gone, files are kept, autostarted guests run. */
  reboot(): void;
  /** The same without the shutdown: of what was not synced only that is kept which is told. */
  powerCut(kept?: Kept): void;
  /** To be called by who changed `state` from outside: what is computed from it is computed anew. */
  refresh(): void;
}

/** `files` is all that a reboot keeps; /proc, /sys, /dev and libvirt's /run are computed from the state when looked at. */
const COMPUTED = /^\/(proc|sys|dev|run\/libvirt)(\/|$)/;
const RUN_DEADLINE_MS = 10_000;
/** A shutdown of services and guests. */
const SHUTDOWN_MS = 20_000;
const READ_MAX = 1024 * 1024;

export function simulatedHost(from: Board | SimulatedState): SimulatedHost {
  const state: SimulatedState = 'schema' in from ? stateCopy(from) : stateNew(from);
  const files = Tree.from(state.files);
  if (state.boot.count === 0) machineStart(state, files);
  return new SimulatedMachine(state, files);
}

class SimulatedMachine implements SimulatedHost {
  readonly origin: Host['origin'];
  readonly writable = true;
  readonly root = true;
  readonly state: SimulatedState;
  readonly disk: SimulatedDisk;
  readonly append: Host['append'];
  readonly replace: Host['replace'];
  readonly makeDirectory: Host['makeDirectory'];
  readonly remove: Host['remove'];
  readonly #files: Tree;
  #runtime: Tree | null = null;
  #lockedFor: string | null = null;

  constructor(state: SimulatedState, files: Tree) {
    this.state = state;
    this.#files = files;
    this.disk = new SimulatedDisk(files, state.unsynced);
    const { append, replace, makeDirectory, remove } = durable(this.disk);
    this.append = append;
    this.replace = replace;
    this.makeDirectory = makeDirectory;
    this.remove = remove;
    this.origin = { kind: 'simulated', name: state.board.name };
  }

  toJSON(): SimulatedState {
    return stateCopy({ ...this.state, files: this.#files.toRecord() });
  }

  read(path: string, maxBytes = READ_MAX): Reading<string> {
    if (this.#silent(path))
      throw new Failure('not-simulated', `not simulated: a read of ${path} that never returns`);
    const reading = this.#tree(path).read(path);
    return reading.state === 'read' ? { state: 'read', value: reading.value.slice(0, maxBytes) } : reading;
  }

  readBytes(path: string, maxBytes = READ_MAX): Reading<Uint8Array> {
    const reading = this.#tree(path).readBytes(path);
    return reading.state === 'read' ? { state: 'read', value: reading.value.slice(0, maxBytes) } : reading;
  }

  list(path: string): Reading<string[]> {
    return this.#tree(path).list(path);
  }

  link(path: string): Reading<string> {
    return this.#tree(path).link(path);
  }

  real(path: string): Reading<string> {
    return this.#tree(path).real(path);
  }

  exists(path: string): boolean {
    return this.#tree(path).exists(path);
  }

  async readGuarded(
    paths: readonly string[],
    deadlineMs = GUARDED_MS,
  ): Promise<Map<string, Reading<string>>> {
    const answers = paths.map((path): [string, Reading<string>] => {
      if (!this.#silent(path)) return [path, this.read(path)];
      this.#pass(deadlineMs);
      return [path, SILENT];
    });
    return new Map(answers);
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { deadlineMs = RUN_DEADLINE_MS, input = '', started } = options;
    const pid = this.state.nextPid++;
    started?.({
      pid,
      startTicks: Math.floor((this.state.clock - this.state.boot.at) / 10),
    });
    if (argv.join(' ') === 'systemctl reboot') {
      this.reboot();
      return { argv, code: 0, stdout: '', stderr: '', ms: 0, timedOut: false };
    }
    this.#pass(Math.max(0, jobsBefore(this.state, argv, input) - this.state.clock));
    const { stdout, stderr, code, ms } = command(this.state, this.#files, argv, input, pid);
    // Past the deadline the caller has gone, but what was asked of a daemon is done all the same.
    const timedOut = ms > deadlineMs;
    this.#pass(Math.min(ms, deadlineMs));
    if (timedOut) return { argv, code: null, stdout: '', stderr: '', ms: deadlineMs, timedOut };
    return { argv, code, stdout, stderr, ms, timedOut };
  }

  /** Nobody else is on it. */
  exposed(): null {
    return null;
  }

  write(path: string, text: string): void {
    kernelWrite(this.state, this.#tree(path), path, text);
    this.#pass(0);
  }

  async lock(purpose: string): Promise<Lock> {
    if (this.#lockedFor !== null) {
      throw new Failure(
        'busy',
        `another vfioctl changes this host: ${this.#lockedFor}`,
        'wait until it has ended',
      );
    }
    this.#lockedFor = purpose;
    return {
      release: async () => {
        this.#lockedFor = null;
      },
    };
  }

  now(): Date {
    return new Date(this.state.clock);
  }

  async sleep(ms: number): Promise<void> {
    this.#pass(ms);
  }

  reboot(): void {
    this.#pass(SHUTDOWN_MS);
    this.disk.syncAll();
    this.powerCut();
  }

  powerCut(kept: Kept = NOTHING_KEPT): void {
    this.disk.powerCut(kept);
    this.state.jobs = [];
    machineOff(this.state, this.#files);
    machineStart(this.state, this.#files);
    this.#lockedFor = null;
    this.#pass(0);
  }

  refresh(): void {
    this.#pass(0);
  }

  /** The kernel reads it under the lock of a device that is stuck. */
  #silent(path: string): boolean {
    if (this.state.kernel.stuck.length === 0) return false;
    const real = this.real(path);
    return real.state === 'read' && lockedFile(this.state, real.value);
  }

  #pass(ms: number): void {
    const end = this.state.clock + ms;
    jobsSettle(this.state, end, ({ argv, input, pid }) => command(this.state, this.#files, argv, input, pid));
    this.state.clock = end;
    domainsSettle(this.state);
    this.#runtime = null;
  }

  #tree(path: string): Tree {
    if (!COMPUTED.test(path)) return this.#files;
    this.#runtime ??= runtimeTree(this.state);
    return this.#runtime;
  }
}

function runtimeTree(state: SimulatedState): Tree {
  const tree = new Tree();
  tree.setDirectory('/');
  pciTree(tree, state);
  classTree(tree, state);
  procTree(tree, state);
  return tree;
}

/** From power-on until the guests that are to start by themselves have started, or have failed to. */
function machineStart(state: SimulatedState, files: Tree): void {
  machineOn(state, files);
  state.nextGuestId = 1;
  for (const guest of state.guests) if (guest.autostart) domainStart(state, guest);
}
