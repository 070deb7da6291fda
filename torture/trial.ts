import { commandRun } from '../src/cli/command-run.ts';
import type { Host } from '../src/host/host.ts';
import { type SimulatedHost, simulatedHost } from '../src/host/simulated/index.ts';
import { running } from './compare.ts';
import type { Mutation } from './mutations.ts';
import type { Act, Scenario } from './plans.ts';
import { type Point, watch } from './watch.ts';

/** A scenario made ready: its command was run once to its end, with every point on the way recorded. */
export interface Trial {
  readonly scenario: Scenario;
  readonly mutation: Mutation | null;
  /** The machine just before the command. */
  readonly start: SimulatedHost;
  /** The machine that must come back, and what it is after a power cut. */
  readonly before: SimulatedHost;
  /** What must run then; a reboot since has ended what ran before. */
  readonly running: ReadonlyMap<string, string>;
  readonly beforeCut: SimulatedHost;
  readonly points: readonly Point[];
  /** How many runs there were before the command. */
  readonly runs: number;
}

/** Done, waiting for a reboot, or done and not proven: the guest may have no agent. */
const WENT_WELL = [0, 6, 7];

/** Null for what is refused, or has nothing to do: that cannot be killed. */
export async function trialMake(scenario: Scenario, mutation: Mutation | null): Promise<Trial | null> {
  const start = simulatedHost(scenario.board);
  let before = scenario.back === null ? start : simulatedHost(scenario.board);
  for (const [index, act] of scenario.setup.entries()) {
    if (index === scenario.back) before = copy(start);
    if (!(await actDone(start, act))) return null;
    // Whatever is not undone later has come to the machine that must come back, too.
    if (scenario.back !== null && index > scenario.back && act.kind !== 'vfioctl') await actDone(before, act);
  }
  if (scenario.back === null) before = copy(start);
  const beforeCut = copy(before);
  beforeCut.powerCut();
  const runs = (await history(start)).length;
  const watched = watch(copy(start), mutation);
  const { exit } = await commandRun(watched.host, scenario.command);
  if (!WENT_WELL.includes(exit) || watched.points.length === 0) return null;
  const rebooted =
    scenario.back !== null && scenario.setup.slice(scenario.back).some((a) => a.kind === 'reboot');
  const wanted = running(rebooted ? start : before);
  return { scenario, mutation, start, before, running: wanted, beforeCut, points: watched.points, runs };
}

async function actDone(machine: SimulatedHost, act: Act): Promise<boolean> {
  if (act.kind === 'reboot') machine.reboot();
  else if (act.kind === 'wait') await machine.sleep(act.ms);
  else if (act.kind === 'virsh') {
    return (await machine.run(act.argv, { input: act.input })).code === 0;
  } else return WENT_WELL.includes((await commandRun(machine, act.argv)).exit);
  return true;
}

export function copy(machine: SimulatedHost): SimulatedHost {
  return simulatedHost(machine.toJSON());
}

interface Entry {
  readonly run: number;
  readonly status: string;
}

/** Throws an error with what vfioctl says when it cannot tell its runs. */
async function history(host: Host): Promise<Entry[]> {
  const told = await commandRun(host, ['history', '--json']);
  if (told.exit !== 0) throw new Error(`history: ${told.stderr.trim()}`);
  return (JSON.parse(told.stdout) as { runs: Entry[] }).runs;
}

/** What takes the machine back, last run first; none: nothing was begun, or all is undone. */
export async function undoCommands(trial: Trial, host: Host): Promise<string[][]> {
  const { run } = trial.scenario;
  const mine = (await history(host)).filter((r) => r.run >= (run ?? trial.runs + 1));
  return mine
    .filter((r) => r.status !== 'undone')
    .map((r) => ['undo', String(r.run), '--yes'])
    .reverse();
}
