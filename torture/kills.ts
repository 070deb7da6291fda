import { type Kept, TAILS, type Tail, tailKept } from '../src/host/simulated/disk.ts';
import { type SimulatedHost, type SimulatedState, simulatedHost } from '../src/host/simulated/index.ts';
import type { Point } from './watch.ts';

/**
 * What becomes of a program that had begun: nothing at all, it ends at once, it goes on for a while, or it is killed
 * too and the daemon goes on with what it was asked.
 */
export const ACTS = ['never', 'done', 'later', 'daemon'] as const;
type Act = (typeof ACTS)[number];

/**
 * One way in which everything ends. After the end of the process the machine goes on, with what was written in its
 * page cache; after a power cut it starts anew, with what was synced and `kept`. `tail`: what there is of the last
 * write(2). As text: `process:later`, `cut:half:10`.
 */
export interface Kill {
  readonly kind: 'process' | 'cut';
  readonly act: Act;
  readonly kept: Kept;
}

/** How long a program, or the daemon alone, goes on after the kill. */
const LATER_MS = 2_500;
const DAEMON_MS = 400;

export function killText({ kind, act, kept }: Kill): string {
  return [kind, act, kept.tail, kept.names.map((kept) => (kept ? '1' : '0')).join('')].join(':');
}

/** Answers null for what is no kill. */
export function killParse(text: string): Kill | null {
  const [kind, act, tail, names = ''] = text.split(':');
  if (kind !== 'process' && kind !== 'cut') return null;
  if (!ACTS.some((a) => a === act) || !TAILS.some((t) => t === tail)) return null;
  return {
    kind,
    act: act as Act,
    kept: { tail: tail as Tail, names: [...names].map((name) => name === '1') },
  };
}

/** Every way in which it can end at this point, half and half as far as there are as many of both. */
export function killsAt(point: Point): Kill[] {
  const kill = (kind: Kill['kind'], act: Act, tail: Tail, names: readonly boolean[]): Kill => ({
    kind,
    act,
    kept: { tail, names },
  });
  const { files, names } = point.state.unsynced;
  const acts: readonly Act[] = point.inside ? ACTS : ['never'];
  // Of a write(2) that was not let finish some is there; `none` is the point before it.
  const tails: readonly Tail[] = point.wrote ? ['half', 'all-but-newline', 'whole'] : ['whole'];
  const process = acts.flatMap((act) => tails.map((tail) => kill('process', act, tail, [])));
  const cutActs = acts.filter((act) => act === 'never' || act === 'done');
  const cutTails: readonly Tail[] = Object.keys(files).length > 0 ? TAILS : ['none'];
  const cuts = cutActs.flatMap((act) =>
    cutTails.flatMap((tail) => subsets(names.length).map((kept) => kill('cut', act, tail, kept))),
  );
  return [...process, ...cuts];
}

/** All of few; of many: none, all, and each alone lost. */
function subsets(count: number): boolean[][] {
  if (count <= 3) {
    return Array.from({ length: 2 ** count }, (_, bits) =>
      Array.from({ length: count }, (_, i) => ((bits >> i) & 1) === 1),
    );
  }
  const all = Array.from({ length: count }, () => true);
  return [all.map(() => false), all, ...all.map((_, lost) => all.map((_, i) => i !== lost))];
}

/** The machine as a new vfioctl finds it. */
export function killed(point: Point, { kind, act, kept }: Kill): SimulatedHost {
  const state = { ...point.state, files: { ...point.state.files }, jobs: [...point.state.jobs] };
  if (kind === 'process' && point.wrote) lastWriteCut(state, point.wrote, kept.tail);
  if (point.inside && act !== 'never') jobAdd(state, point.inside, act);
  const machine = simulatedHost(state);
  machine.refresh();
  if (kind === 'cut') machine.powerCut(kept);
  return machine;
}

function lastWriteCut(state: SimulatedState, wrote: NonNullable<Point['wrote']>, tail: Tail): void {
  const entry = state.files[wrote.path];
  if (entry === undefined || !('f' in entry)) return;
  const text = Buffer.from(wrote.bytes).toString('utf8');
  const before = entry.f.slice(0, entry.f.length - text.length);
  state.files[wrote.path] = { f: before + tailKept(wrote.bytes, tail) };
}

function jobAdd(state: SimulatedState, inside: NonNullable<Point['inside']>, act: Act): void {
  const { argv, input, child } = inside;
  const after = act === 'later' ? LATER_MS : act === 'daemon' ? DAEMON_MS : 0;
  state.jobs.push({
    pid: child.pid,
    startTicks: child.startTicks ?? 0,
    argv,
    input,
    doneAt: state.clock + after,
    daemonOnly: act === 'daemon',
  });
}
