import { stepText } from '../plan/show.ts';
import { runStands } from './brake.ts';
import { journalReopen, journalsRead } from './journal.ts';
import type { RunReport, StepReport } from './report.ts';
import type { ApplyOptions } from './runner.ts';
import { failureOf, stepApply } from './step-apply.ts';
import type { ApplyContext } from './steps/kind.ts';

export type Continued = Pick<RunReport, 'steps' | 'failure'>;

/**
 * Does what was put off until the guest is proven, under the host's lock, in the journal of the run that put it off:
 * its undo takes that back too. A step that fails leaves what is proven standing.
 */
export async function runContinue(
  given: ApplyContext,
  stateDir: string,
  number: number,
  { progress }: Pick<ApplyOptions, 'progress'> = {},
): Promise<Continued> {
  const { runs } = await journalsRead(given.host, stateDir);
  const run = runs.find((r) => r.number === number);
  if (run === undefined || !runStands(run)) return { steps: [], failure: null };
  const context = { ...given, runs };
  const journal = journalReopen(context.host, stateDir, run);
  const steps: StepReport[] = [];
  let failure: Continued['failure'] = null;
  for (const step of run.head.plan.deferred ?? []) {
    const told = (result: StepReport['result']) => {
      steps.push({ id: step.id, kind: step.kind, text: stepText(step), result });
      progress?.(step, result);
    };
    try {
      progress?.(step, 'begins');
      told(await stepApply(context, journal, step));
    } catch (error) {
      failure = failureOf(error, step);
      told(failure.code === 'outcome-unknown' ? 'unknown' : 'failed');
      break;
    }
  }
  journal.tell({ type: 'end', status: failure?.code === 'outcome-unknown' ? 'unknown' : 'done' });
  return { steps, failure };
}
