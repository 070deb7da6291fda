import { deadManOf } from '../apply/dead-man.ts';
import { bootId, journalsRead, type Run, runStatus, runsMeet, unreadableRefuse } from '../apply/journal.ts';
import { runsResume } from '../apply/resume.ts';
import type { ApplyContext } from '../apply/steps/kind.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import { harmless } from '../report/terminal.ts';
import { type CliContext, tell } from './context.ts';

/** A run that waited for a reboot which has come is closed by whichever command changes the host next. */
export async function runsResumed(context: CliContext, apply: ApplyContext, stateDir: string): Promise<void> {
  for (const { run, done, why } of await runsResume(apply, stateDir)) {
    tell(context, harmless(`run ${run}: ${done ? 'done' : 'not as planned'}: ${why}`));
  }
}

/**
 * What a crash left is taken back first: a new run on top of it could not be told from it. What its dead-man switch
 * may take back any moment is not built on either.
 */
export async function openRunsRefuse(host: Host, stateDir: string, plan: Plan): Promise<void> {
  const { runs, unreadable } = await journalsRead(host, stateDir);
  unreadableRefuse(unreadable, plan);
  for (const run of runs) {
    const why = runInTheWay(host, run, plan);
    if (why === null) continue;
    throw new Failure('refused', `run ${run.number} (${run.head.plan.verb}) ${why.is}`, why.first);
  }
}

function runInTheWay(host: Host, run: Run, plan: Plan): { is: string; first: string } | null {
  const back = `first take it back: vfioctl undo ${run.number}`;
  const status = runStatus(run);
  if (status === 'open') return { is: 'was cut off before its end', first: back };
  if (status === 'waiting' && run.records.at(-1)?.boot === bootId(host))
    return { is: 'waits for a reboot', first: back };
  const armed = runsMeet(run.head.plan, plan) ? deadManOf(host, run) : null;
  if (armed === null || armed.lost) return null;
  return {
    is: `is taken back at ${armed.due.slice(11, 19)} UTC unless it is kept`,
    first: `first decide: vfioctl keep ${run.number}, or vfioctl undo ${run.number}`,
  };
}

/** What the journal tells; null when this user may not read it. A host that is only looked at has none. */
export async function runsKnown(host: Host, stateDir: string): Promise<Run[] | null> {
  if (host.origin.kind === 'capture' || host.origin.kind === 'root') return [];
  try {
    return (await journalsRead(host, stateDir)).runs;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Journals that tell of no run, each in a sentence. Asked where `runsKnown` had an answer. */
export async function runsUnreadable(host: Host, stateDir: string): Promise<string[]> {
  if (host.origin.kind === 'capture' || host.origin.kind === 'root') return [];
  return (await journalsRead(host, stateDir)).unreadable.map(({ why }) => why);
}
