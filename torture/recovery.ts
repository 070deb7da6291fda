import { commandRun } from '../src/cli/command-run.ts';
import type { SimulatedHost } from '../src/host/simulated/index.ts';
import { differences, missed, running, standing } from './compare.ts';
import { type Kill, killed } from './kills.ts';
import { copy, type Trial, undoCommands } from './trial.ts';
import { type Point, watch } from './watch.ts';

/** One kill after the other: each in what takes the machine back after the last. */
export interface Blow {
  readonly point: number;
  readonly kill: Kill;
}

/** By then everything that was on its way has come. */
const SETTLED_MS = 600_000;

/** A machine that has been hit, and what must be running on it in the end: as before, or as it came up after a cut. */
export interface Hit {
  readonly machine: SimulatedHost;
  readonly running: ReadonlyMap<string, string>;
  readonly before: SimulatedHost;
  /** What was wrong already when it came up. */
  readonly wrong: readonly string[];
}

/** Why the machine is lost after these blows; none: it is as it was before, and nothing is blocked. */
export async function lossAfter(trial: Trial, blows: readonly Blow[], seen: Set<string>): Promise<string[]> {
  try {
    return await lossOf(trial, await hitByAll(trial, blows), seen);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

/** The points in what takes the machine back after these blows. */
export async function pointsAfter(trial: Trial, blows: readonly Blow[]): Promise<readonly Point[]> {
  return pointsIn(trial, await hitByAll(trial, blows));
}

async function hitByAll(trial: Trial, blows: readonly Blow[]): Promise<Hit> {
  const { start, before } = trial;
  let hit: Hit = { machine: start, running: trial.running, before, wrong: [] };
  for (const [index, { point, kill }] of blows.entries()) {
    const at = (index === 0 ? trial.points : await pointsIn(trial, hit))[point];
    // There is less to take back than there was when this case was found.
    if (at === undefined) break;
    hit = hitBy(trial, hit, at, kill);
  }
  return hit;
}

function hitBy(trial: Trial, hit: Hit, point: Point, kill: Kill): Hit {
  const machine = killed(point, kill);
  if (kill.kind === 'process') return { ...hit, machine };
  const wrong = [...hit.wrong, ...(standsWhole(machine) ? [] : missed(trial.beforeCut, machine))];
  return { machine, running: running(machine), before: trial.beforeCut, wrong };
}

/** A lend that was made to its end may take the function from the host at the next boot. */
function standsWhole(machine: SimulatedHost): boolean {
  return Object.values(journals(machine)).some((text) => text.includes('"status":"done"'));
}

/** Who finds no run, or a run taken back, types the command again. */
async function pointsIn(trial: Trial, { machine }: Hit): Promise<readonly Point[]> {
  const watched = watch(machine, trial.mutation);
  const [undo] = await undoCommands(trial, machine);
  await commandRun(watched.host, undo ?? trial.scenario.command);
  return watched.points;
}

/** Takes the machine back as a person would, and says what is not as before. */
export async function lossOf(trial: Trial, hit: Hit, seen: Set<string>): Promise<string[]> {
  const { machine, before, wrong } = hit;
  if (wrong.length > 0) return [...wrong];
  const back = await takenBack(trial, machine);
  if (back.length > 0) return back;
  const differ = [
    ...differences(standing(before), standing(machine)),
    ...differences(hit.running, running(machine)),
  ];
  if (differ.length > 0) return differ;
  const key = `${trial.scenario.command[0]} ${before === trial.before} ${journalShape(machine)}`;
  if (seen.has(key)) return [];
  seen.add(key);
  return sequel(trial, machine);
}

async function takenBack(trial: Trial, machine: SimulatedHost): Promise<string[]> {
  const host = trial.mutation?.undoPort?.(machine) ?? machine;
  for (const argv of await undoCommands(trial, machine)) {
    const undone = await commandRun(host, argv);
    if (undone.exit !== 0)
      return [`${argv.join(' ')}: exit ${undone.exit}: ${undone.stderr}${undone.stdout}`];
  }
  await machine.sleep(SETTLED_MS);
  return [];
}

/** The same once more, here and on a machine that never heard of us: both must do as well. */
async function sequel(trial: Trial, machine: SimulatedHost): Promise<string[]> {
  const { scenario } = trial;
  const act = scenario.back === null ? null : scenario.setup[scenario.back];
  const argv = act?.kind === 'vfioctl' ? act.argv : scenario.command;
  const wanted = await commandRun(withoutRuns(trial, machine), argv);
  const again = copy(machine);
  const found = await commandRun(again, argv);
  if (found.exit !== wanted.exit) {
    return [`${argv.join(' ')} again: exit ${found.exit} for ${wanted.exit}: ${found.stderr}${found.stdout}`];
  }
  if (found.exit === 3) return [];
  const undone = await commandRun(again, ['undo', '--yes']);
  if (undone.exit !== 0)
    return [`undo of the second time: exit ${undone.exit}: ${undone.stderr}${undone.stdout}`];
  await again.sleep(SETTLED_MS);
  const differ = [
    ...differences(standing(machine), standing(again)),
    ...differences(running(machine), running(again)),
  ];
  return differ.map((line) => `after the second time: ${line}`);
}

/** The same machine with the journals of before only. */
function withoutRuns(trial: Trial, machine: SimulatedHost): SimulatedHost {
  const other = copy(machine);
  const known = journals(trial.before);
  for (const path of Object.keys(journals(other))) if (!(path in known)) other.remove(path);
  return other;
}

function journals(machine: SimulatedHost): Record<string, string> {
  const files = Object.entries(machine.toJSON().files);
  return Object.fromEntries(
    files.flatMap(([path, entry]) =>
      path.startsWith('/var/lib/vfioctl/') && 'f' in entry ? [[path, entry.f]] : [],
    ),
  );
}

/** Journals that are alike in how they end are read alike: the sequel of one is that of all. */
function journalShape(machine: SimulatedHost): string {
  return Object.entries(journals(machine))
    .map(([path, text]) => {
      const kinds = text
        .trimEnd()
        .split('\n')
        .map((line) => /"type":"([\w-]+)".*\}$/.exec(line)?.[1] ?? 'torn');
      return [path, kinds[0], kinds.at(-1), kinds.filter((kind) => kind === 'torn').length].join(' ');
    })
    .join('\n');
}
