import { hostdevXml } from '../src/edit/xml/hostdev.ts';
import type { Board, BoardFunction, BoardGuest } from '../src/host/simulated/board.ts';
import { addressNodeDevice } from '../src/model/address.ts';
import { type Random, random } from './random.ts';
import { topologyMake } from './topology.ts';

/** What is done on a machine before the command that is killed. */
export type Act =
  | { readonly kind: 'vfioctl'; readonly argv: readonly string[] }
  | { readonly kind: 'virsh'; readonly argv: readonly string[]; readonly input: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reboot' };

/** A machine, its history, and the command line that is killed at each point. */
export interface Scenario {
  readonly board: Board;
  readonly setup: readonly Act[];
  readonly command: readonly string[];
  /** The run that is taken back in the end; null: the one that the command makes. */
  readonly run: number | null;
  /** The machine as it was before this act of the setup is what must come back; null: as before the command. */
  readonly back: number | null;
}

const GUEST_UP_MS = 10_000;

/** So many plans are made for each machine. */
const PLANS_A_TOPOLOGY = 3;

export function topologyOf(index: number): number {
  return Math.floor(index / PLANS_A_TOPOLOGY);
}

/** Scenario number `index` of a seed. Some turn out to be refused: those cannot be killed (trial.ts). */
export function scenarioMake(seed: number, index: number): Scenario {
  const machine = random(seed, topologyOf(index));
  const off = machine.chance(0.1);
  const board = topologyMake(machine, off ? 'off' : 'on');
  const chance = random(seed, topologyOf(index), index);
  if (off) return prepareScenario(chance, board);
  const plan = new Planner(chance, board);
  const kind = chance.pick(['assign', 'assign', 'assign', 'release', 'release', 'undo'] as const);
  if (kind === 'assign') return plan.assign();
  return kind === 'release' ? plan.release() : plan.undo();
}

/** Cut off while it writes, while it waits, while it is gone on with after the reboot, and while it is taken back. */
function prepareScenario(chance: Random, board: Board): Scenario {
  const prepare: Act = { kind: 'vfioctl', argv: ['prepare', '--yes'] };
  const first = { board, setup: [], command: prepare.argv, run: null, back: null };
  const after: Scenario = { ...first, setup: [prepare, { kind: 'reboot' }], run: 1, back: 0 };
  return chance.pick([
    first,
    first,
    after,
    { ...after, command: ['undo', '1', '--yes'] },
    { ...after, setup: [prepare], command: ['undo', '1', '--yes'] },
  ]);
}

class Planner {
  readonly #chance: Random;
  readonly #board: Board;
  readonly #guest: BoardGuest;
  readonly #functions: readonly string[];
  readonly #withGroup: boolean;
  readonly #setup: Act[] = [];
  #running: boolean;

  constructor(chance: Random, board: Board) {
    this.#chance = chance;
    this.#board = board;
    this.#guest = chance.pick(board.guests);
    const lendable = endpoints(board);
    this.#functions = chance.some(lendable, 1 + chance.int(3)).map((f) => f.address);
    this.#withGroup = chance.chance(0.9);
    this.#running = this.#guest.autostart;
    const rest = lendable.filter((f) => !this.#functions.includes(f.address));
    // A guest that runs meets what is in its definition only when it is started again: after an undo, too.
    const off = board.guests.filter((g) => !g.autostart);
    if (rest.length > 0 && off.length > 0 && chance.chance(0.5))
      this.#byHand(chance.pick(rest), chance.pick(off));
    if (chance.chance(0.4)) this.#start();
  }

  assign(): Scenario {
    return { ...this.#scenario(this.#assignArgv()), run: null, back: null };
  }

  release(): Scenario {
    const first = this.#lend();
    const how = this.#running ? [this.#chance.pick(['--stop', '--live', '--stop'])] : [];
    const argv = ['release', ...first, '--from', this.#guest.uuid, ...how, '--yes'];
    return { ...this.#scenario(argv), run: null, back: null };
  }

  undo(): Scenario {
    const back = this.#setup.length;
    this.#setup.push({ kind: 'vfioctl', argv: this.#assignArgv() });
    if (this.#chance.chance(0.2)) this.#setup.push({ kind: 'reboot' });
    return { ...this.#scenario(['undo', '1', '--yes']), run: 1, back };
  }

  #scenario(command: readonly string[]): Pick<Scenario, 'board' | 'setup' | 'command'> {
    return { board: this.#board, setup: this.#setup, command };
  }

  #assignArgv(): string[] {
    // A running guest takes single functions only, as many as it has ports for.
    const live = this.#functions.length === 1 ? ['--live', '--live', ''] : ['--live', '', ''];
    const how = this.#chance.pick(this.#running ? live : ['--start', '--start', '']);
    if (how === '--start') this.#running = true;
    return [
      'assign',
      ...this.#functions,
      this.#guest.uuid,
      ...(this.#withGroup ? ['--with-group'] : []),
      ...(how === '' ? [] : [how]),
      '--yes',
    ];
  }

  /** What is released later: lent by us, or by hand. */
  #lend(): readonly string[] {
    if (this.#chance.chance(0.7)) {
      this.#setup.push({ kind: 'vfioctl', argv: this.#assignArgv() });
      return this.#functions;
    }
    const [first = ''] = this.#functions;
    this.#byHand(this.#board.functions.find((f) => f.address === first)!, this.#guest);
    if (!this.#running && this.#chance.chance(0.5)) this.#start();
    return [first];
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#setup.push(virsh(['start', this.#guest.uuid]), { kind: 'wait', ms: GUEST_UP_MS });
  }

  #byHand({ address }: BoardFunction, { uuid }: BoardGuest): void {
    const managed = this.#chance.chance(0.6);
    if (!managed) this.#setup.push(virsh(['nodedev-detach', addressNodeDevice(address)]));
    const xml = hostdevXml({ address, alias: 'ua-mine', managed });
    this.#setup.push(virsh(['attach-device', uuid, '/dev/stdin', '--config'], xml));
  }
}

export function endpoints(board: Board): BoardFunction[] {
  return board.functions.filter((f) => f.group !== null && f.group > 40 && f.secondaryBus === null);
}

function virsh(words: readonly string[], input = ''): Act {
  return { kind: 'virsh', argv: ['virsh', '-q', '--connect', 'qemu:///system', ...words], input };
}
