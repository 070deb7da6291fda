import { Failure } from '../../failure.ts';
import { type BoardFunction, boardFunctionAt } from './board.ts';
import type { SimulatedHost } from './index.ts';
import type { SimulatedState } from './state.ts';

/** What is planted, by name: each makes one proof come out `disproven`, or one step be refused. */
const FAULTS: Readonly<Record<string, (state: SimulatedState, fn: BoardFunction) => void>> = {
  /** A neighbour that the host uses shares the IOMMU group: QEMU finds the group not viable. */
  'mate-bound': (state, fn) => {
    const mate = mateOf(state, fn);
    functionChange(state, mate.address, { group: fn.group });
  },
  /** Nothing that the card does raises an interrupt, on either side. */
  'no-interrupts': (state) => breakageSet(state, { noInterrupts: true }),
  /** The guest sees the card, and no driver of it takes it. */
  'no-guest-driver': (state) => breakageSet(state, { noGuestDriver: true }),
  /** The guest has a function of the same class that is another one: the 7 Series' audio controller. */
  'wrong-function': (state) => breakageSet(state, { wrongFunction: '8086:1e20' }),
  'no-interrupt-remapping': (state) => {
    state.board = { ...state.board, firmware: { ...state.board.firmware, interruptRemapping: false } };
    state.kernel.remapping = false;
  },
  /** Everything works, and nothing is heard. */
  'card-muted': (state) => breakageSet(state, { cardMuted: true }),
  /** The host's driver never lets go: whoever asks it to sleeps in the kernel until the next boot. */
  'stuck-unbind': (state, fn) => breakageSet(state, { stuckUnbind: fn.address }),
};

export const faultNames: readonly string[] = Object.keys(FAULTS);

/** Plants a breakage that is about the function at `address`. Throws Failure `not-found`. */
export function faultPlant(host: SimulatedHost, name: string, address: string): void {
  const plant = FAULTS[name];
  const fn = boardFunctionAt(host.state.board, address);
  if (!plant)
    throw new Failure('not-found', `there is no fault '${name}'`, `there are: ${faultNames.join(', ')}`);
  if (!fn) throw new Failure('not-found', `the board has no function ${address}`);
  plant(host.state, fn);
  // Whatever was looked at before is looked at anew.
  host.refresh();
}

/** An endpoint that the host drives and could do without: no disk, network, display or card of its own. */
function mateOf(state: SimulatedState, fn: BoardFunction): BoardFunction {
  const plain = (f: BoardFunction): boolean => !f.disk && !f.network && !f.sound && f.drm === null;
  const mate = state.board.functions.find(
    (f) => f.address !== fn.address && f.driver !== null && f.secondaryBus === null && plain(f),
  );
  if (!mate) throw new Failure('not-found', `no function of ${state.board.name} can be its mate`);
  return mate;
}

function functionChange(state: SimulatedState, address: string, change: Partial<BoardFunction>): void {
  const functions = state.board.functions.map((f) => (f.address === address ? { ...f, ...change } : f));
  state.board = { ...state.board, functions };
}

function breakageSet(state: SimulatedState, change: Partial<SimulatedState['board']['breakage']>): void {
  state.board = { ...state.board, breakage: { ...state.board.breakage, ...change } };
}
