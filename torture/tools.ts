import { commandRun } from '../src/cli/command-run.ts';
import type { Host } from '../src/host/host.ts';
import { faultyHost } from '../src/host/simulated/faulty-host.ts';
import type { SimulatedHost } from '../src/host/simulated/index.ts';
import { differences, running, standing } from './compare.ts';
import { lossOf } from './recovery.ts';
import { copy, type Trial } from './trial.ts';
import { hostWith } from './watch.ts';

/**
 * What a program does instead of its work: it is not done and says so; it is done and nobody hears of it before the
 * deadline; it is done only after the deadline, by the daemon; it is done, and its answer is garbage.
 */
const WHAT = ['fail', 'hang', 'late', 'nonsense'] as const;

export interface ToolFault {
  /** Which of the command's programs, from 1. */
  readonly nth: number;
  readonly what: (typeof WHAT)[number];
}

/** From its own deadline on the daemon is given this long. */
const LATE_MS = 400;

export function toolFaultText({ nth, what }: ToolFault): string {
  return `${nth}=${what}`;
}

/** Null for what is none. */
export function toolFaultParse(text: string): ToolFault | null {
  const [nth, word] = text.split('=');
  const what = WHAT.find((w) => w === word);
  return what === undefined ? null : { nth: Number(nth), what };
}

/** Every fault of every program from the first record in the journal on: what fails before it changes nothing. */
export async function toolFaults(trial: Trial): Promise<ToolFault[]> {
  let seen = 0;
  let first: number | null = null;
  const machine = copy(trial.start);
  const begun = (): void => {
    first ??= seen;
  };
  const counted = hostWith<Host>(machine, {
    run(argv, options) {
      seen += 1;
      return machine.run(argv, options);
    },
    append(path, text) {
      begun();
      machine.append(path, text);
    },
  });
  await commandRun(counted, trial.scenario.command);
  const programs = Array.from({ length: seen - (first ?? seen) }, (_, i) => (first ?? 0) + i + 1);
  return programs.flatMap((nth) => WHAT.map((what) => ({ nth, what })));
}

/** Why the machine is lost after the command met this fault; none: what it said is true, and undo does the rest. */
export async function lossFromTool(trial: Trial, fault: ToolFault, seen: Set<string>): Promise<string[]> {
  const machine = copy(trial.start);
  try {
    const said = await commandRun(faulty(machine, fault), trial.scenario.command);
    if (said.exit === 1) return [`a fault of vfioctl's: ${said.stderr}`];
    // Refused, or failed and all undone.
    const undone = trial.scenario.back === null && [2, 3, 4].includes(said.exit);
    const differ = undone
      ? [
          ...differences(standing(trial.before), standing(machine)),
          ...differences(trial.running, running(machine)),
        ]
      : [];
    if (differ.length > 0) return differ.map((line) => `exit ${said.exit}, but ${line}`);
    const hit = { machine, running: trial.running, before: trial.before, wrong: [] };
    return await lossOf(trial, hit, seen);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

function faulty(machine: SimulatedHost, { nth, what }: ToolFault): Host {
  if (what !== 'late') return faultyHost(machine, { on: 'run', nth, what });
  let seen = 0;
  return hostWith<Host>(machine, {
    async run(argv, options) {
      if (++seen !== nth) return machine.run(argv, options);
      const { deadlineMs = 10_000, input = '', started } = options ?? {};
      const { state } = machine;
      const child = { pid: state.nextPid++, startTicks: Math.floor((state.clock - state.boot.at) / 10) };
      started?.(child);
      state.jobs.push({
        ...child,
        argv,
        input,
        doneAt: state.clock + deadlineMs + LATE_MS,
        daemonOnly: true,
      });
      await machine.sleep(deadlineMs);
      return { argv, code: null, stdout: '', stderr: '', ms: deadlineMs, timedOut: true };
    },
  });
}
