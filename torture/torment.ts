import { type Case, caseScenario } from './case.ts';
import { killsAt } from './kills.ts';
import type { Mutation } from './mutations.ts';
import { type Random, random } from './random.ts';
import { type Blow, lossAfter, pointsAfter } from './recovery.ts';
import { lossFromTool, toolFaults } from './tools.ts';
import { type Trial, trialMake } from './trial.ts';

/** A machine that did not come back, and why. */
export interface Loss {
  readonly case: Case;
  readonly why: readonly string[];
}

/** What was done to one scenario. */
export interface Torment {
  /** False for one that vfioctl refuses, or that has nothing to do. */
  readonly real: boolean;
  readonly kills: number;
  /** How many of them were power cuts, in the end. */
  readonly cuts: number;
  readonly faults: number;
  readonly losses: readonly Loss[];
}

export interface TormentOptions {
  /** At most so many kills and faults of tools, chosen by chance. */
  readonly kills: number;
  readonly faults: number;
  readonly mutation: Mutation | null;
  /** Journals whose sequel was tried already, by their shape. */
  readonly seen: Set<string>;
  /** The first loss is enough. */
  readonly once?: boolean;
}

/** Every other time what takes the machine back is killed as well, and now and then what takes it back after that. */
const AGAIN = 0.5;
const DEEPEST = 3;

export async function torment(of: Case, options: TormentOptions): Promise<Torment> {
  const trial = await trialMake(caseScenario(of), options.mutation);
  if (trial === null) return { real: false, kills: 0, cuts: 0, faults: 0, losses: [] };
  const chance = random(of.seed, of.index, 1);
  const losses: Loss[] = [];
  let kills = 0;
  let cuts = 0;
  const enough = (): boolean => kills >= options.kills || (options.once === true && losses.length > 0);
  const all = trial.points.flatMap((point, at) => killsAt(point).map((kill): Blow => ({ point: at, kill })));
  for (const first of mixed(chance, all)) {
    if (enough()) break;
    let blows = [first];
    for (;;) {
      kills += 1;
      if (blows.at(-1)!.kill.kind === 'cut') cuts += 1;
      const why = await lossAfter(trial, blows, options.seen);
      if (why.length > 0) losses.push({ case: { ...of, blows, fault: null }, why });
      if (why.length > 0 || enough() || blows.length >= DEEPEST || !chance.chance(AGAIN)) break;
      const more = await blowMore(trial, chance, blows);
      if (more === null) break;
      blows = [...blows, more];
    }
  }
  let faults = 0;
  for (const fault of chance.some(await toolFaults(trial), options.faults)) {
    if (options.once && losses.length > 0) break;
    faults += 1;
    const why = await lossFromTool(trial, fault, options.seen);
    if (why.length > 0) losses.push({ case: { ...of, blows: [], fault }, why });
  }
  return { real: true, kills, cuts, faults, losses };
}

/** Ends of the process and power cuts in turns, as long as there are both. */
function mixed(chance: Random, all: readonly Blow[]): Blow[] {
  const ends = chance.some(all, all.length);
  const processes = ends.filter((b) => b.kill.kind === 'process');
  const cuts = ends.filter((b) => b.kill.kind === 'cut');
  const longer = Math.max(processes.length, cuts.length);
  return Array.from({ length: longer }, (_, i) => [processes[i], cuts[i]])
    .flat()
    .filter((b) => b !== undefined);
}

/** A kill of what takes the machine back after these blows; null when there is nothing to kill. */
async function blowMore(trial: Trial, chance: Random, blows: readonly Blow[]): Promise<Blow | null> {
  const points = await pointsAfter(trial, blows);
  if (points.length === 0) return null;
  const point = chance.int(points.length);
  const kind = chance.pick(['process', 'cut'] as const);
  return { point, kill: chance.pick(killsAt(points[point]!).filter((k) => k.kind === kind)) };
}
