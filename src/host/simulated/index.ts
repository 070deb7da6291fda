import { Failure } from '../../failure.ts';
import type { Host, Lock, Reading, RunOptions, RunResult } from '../host.ts';
import { Tree } from '../tree.ts';
import type { Board } from './board.ts';
import { machineOff, machineOn } from './boot.ts';
import { classTree } from './class-tree.ts';
import { command } from './command.ts';
import { domainStart, domainsSettle } from './domain-life.ts';
import { nodeChild, nodeRead } from './domain-node.ts';
import { installedFiles } from './file-tree.ts';
import { kernelWrite } from './kernel-write.ts';
import { pciTree } from './pci-tree.ts';
import { procTree } from './proc-tree.ts';
import type { SimulatedState } from './state.ts';

export type { Board } from './board.ts';
export type { SimulatedState } from './state.ts';

/**
 * A machine that exists only here: a board, whose kernel and libvirt answer a closed list of writes and commands as
 * real ones do. What is not on the list is Failure `not-simulated`. Its time is virtual: reads take none, programs
 * take as long as their like, `sleep` only moves the clock.
 */
export interface SimulatedHost extends Host {
  readonly state: SimulatedState;
  /** What a state is when the process that simulated it is killed: `simulatedHost` goes on from it. */
  toJSON(): SimulatedState;
  /** Shut down and started again: runtime state is gone, files are kept, autostarted guests run. */
  reboot(): void;
  /** The same without the shutdown: what was written is kept, for it was synced. */
  powerCut(): void;
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
  const state: SimulatedState = 'schema' in from ? structuredClone(from) : stateNew(from);
  const files = Tree.from(state.files);
  if (state.boot.count === 0) machineStart(state, files);
  return new SimulatedMachine(state, files);
}

class SimulatedMachine implements SimulatedHost {
  readonly origin: Host['origin'];
  readonly writable = true;
  readonly root = true;
  readonly state: SimulatedState;
  readonly #files: Tree;
  #runtime: Tree | null = null;
  #lockedFor: string | null = null;

  constructor(state: SimulatedState, files: Tree) {
    this.state = state;
    this.#files = files;
    this.origin = { kind: 'simulated', name: state.board.name };
  }

  toJSON(): SimulatedState {
    return structuredClone({ ...this.state, files: this.#files.toRecord() });
  }

  read(path: string, maxBytes = READ_MAX): Reading<string> {
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

  async readGuarded(paths: readonly string[]): Promise<Map<string, Reading<string>>> {
    return new Map(paths.map((path) => [path, this.read(path)]));
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { deadlineMs = RUN_DEADLINE_MS, input = '', started } = options;
    started?.({
      pid: this.state.nextPid++,
      startTicks: Math.floor((this.state.clock - this.state.boot.at) / 10),
    });
    if (argv.join(' ') === 'systemctl reboot') {
      this.reboot();
      return { argv, code: 0, stdout: '', stderr: '', ms: 0, timedOut: false };
    }
    const { stdout, stderr, code, ms } = command(this.state, this.#files, argv, input);
    // Past the deadline the caller has gone, but what was asked of a daemon is done all the same.
    const timedOut = ms > deadlineMs;
    this.#pass(Math.min(ms, deadlineMs));
    if (timedOut) return { argv, code: null, stdout: '', stderr: '', ms: deadlineMs, timedOut };
    return { argv, code, stdout, stderr, ms, timedOut };
  }

  write(path: string, text: string): void {
    kernelWrite(this.state, this.#tree(path), path, text);
    this.#pass(0);
  }

  append(path: string, text: string): void {
    const before = this.#files.read(path);
    this.#own(path).setFile(path, (before.state === 'read' ? before.value : '') + text);
  }

  replace(path: string, text: string): void {
    this.#own(path).setFile(path, text);
  }

  makeDirectory(path: string): void {
    const files = this.#own(path);
    if (files.link(path).state === 'read') {
      throw new Failure(
        'state-unwritable',
        `${path} is a symbolic link`,
        'move it away, or name another directory',
      );
    }
    files.setDirectory(path);
  }

  remove(path: string): void {
    this.#own(path).remove(path);
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
    this.state.clock += SHUTDOWN_MS;
    this.powerCut();
  }

  powerCut(): void {
    machineOff(this.state, this.#files);
    machineStart(this.state, this.#files);
    this.#lockedFor = null;
    this.#pass(0);
  }

  refresh(): void {
    this.#pass(0);
  }

  #pass(ms: number): void {
    this.state.clock += ms;
    domainsSettle(this.state);
    this.#runtime = null;
  }

  #tree(path: string): Tree {
    if (!COMPUTED.test(path)) return this.#files;
    this.#runtime ??= runtimeTree(this.state);
    return this.#runtime;
  }

  /** For our own files: nothing is ever created where the kernel makes the names. */
  #own(path: string): Tree {
    if (COMPUTED.test(path)) throw new Failure('not-simulated', `not simulated: a file at ${path}`);
    return this.#files;
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

function stateNew(board: Board): SimulatedState {
  return {
    schema: 'vfioctl/simulated/1',
    board,
    clock: Date.UTC(2026, 10, 25, 9, 0, 0),
    boot: { count: 0, at: 0, id: '', commandLine: '' },
    kernel: { iommu: false, remapping: false, modules: [], drivers: {}, overrides: {}, cards: [], log: [] },
    guests: board.guests.map((guest) => ({
      uuid: guest.uuid,
      name: nodeChild(nodeRead(guest.xml), 'name')?.text ?? '',
      inactive: guest.xml,
      live: null,
      autostart: guest.autostart,
      managedSave: false,
      snapshots: [],
    })),
    nextPid: 2000,
    nextGuestId: 1,
    files: installedFiles(board),
  };
}

/** From power-on until the guests that are to start by themselves have started, or have failed to. */
function machineStart(state: SimulatedState, files: Tree): void {
  machineOn(state, files);
  state.nextGuestId = 1;
  for (const guest of state.guests) if (guest.autostart) domainStart(state, guest);
}
