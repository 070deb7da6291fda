import { Failure } from '../failure.ts';
import type { Plan } from '../plan/plan.ts';
import { stepText } from '../plan/show.ts';
import type { Step } from '../plan/step.ts';
import { type DeadMan, deadManArm, deadManDisarm } from './dead-man.ts';
import { flightHint, flightsNow, flightsRefuse } from './flight.ts';
import { type Journal, journalCreate, journalRun, journalsRead, unreadableRefuse } from './journal.ts';
import type { RunReport, StepReport } from './report.ts';
import { stepCheck } from './settle.ts';
import { failureOf, startsGuest, stepApply } from './step-apply.ts';
import type { ApplyContext } from './steps/kind.ts';
import { stepsUndo } from './undo.ts';

export interface ApplyOptions {
  readonly stateDir: string;
  /** The command as it was typed, for the journal. */
  readonly argv: readonly string[];
  /** Set by Ctrl-C, SIGTERM or SIGHUP: the running act is let end, then everything done is undone. */
  readonly signal?: AbortSignal;
  /** Armed before the first step; nothing is done when it cannot be. */
  readonly deadMan?: DeadMan | null;
  /** Told as each step begins and ends. */
  readonly progress?: (step: Step, event: 'begins' | StepReport['result']) => void;
}

export type Applied = Pick<RunReport, 'run' | 'changed' | 'status' | 'steps' | 'failure'>;

/**
 * Applies a plan step by step under the host's lock (which the caller holds): check, journal the intent, act, read
 * back, journal the outcome. A step that fails takes everything done before it back. It throws only for what happens
 * before the first step.
 */
export async function planApply(given: ApplyContext, plan: Plan, options: ApplyOptions): Promise<Applied> {
  if (plan.steps.length === 0)
    return { run: null, changed: false, status: 'nothing', steps: [], failure: null };
  const { runs, unreadable } = await journalsRead(given.host, options.stateDir);
  unreadableRefuse(unreadable, plan);
  await flightsRefuse(given.host, runs, plan);
  const context = { ...given, runs };
  const journal = journalCreate(context.host, options.stateDir, options.argv, plan);
  if (options.deadMan) await armOrEnd(context, journal, options.deadMan);
  const results = new Map<string, StepReport['result']>();
  const report = (status: Applied['status'], failure: Applied['failure']): Applied => ({
    run: journal.run,
    changed: [...results.values()].some(
      (r) => r === 'done' || r === 'left' || r === 'unknown' || r === 'waiting',
    ),
    status,
    steps: plan.steps.map((s) => ({
      id: s.id,
      kind: s.kind,
      text: stepText(s),
      result: results.get(s.id) ?? 'skipped',
    })),
    failure,
  });

  for (const step of plan.steps) {
    try {
      if (options.signal?.aborted) throw new Failure('interrupted', 'interrupted');
      options.progress?.(step, 'begins');
      if (startsGuest(step)) await stepsStand(context, plan, results);
      const result = await stepApply(context, journal, step);
      results.set(step.id, result);
      options.progress?.(step, result);
      if (result === 'waiting') return report('waiting', null);
    } catch (error) {
      const failure = failureOf(error, step);
      const unknown = failure.code === 'outcome-unknown';
      results.set(step.id, unknown ? 'unknown' : 'failed');
      options.progress?.(step, unknown ? 'unknown' : 'failed');
      if (unknown) {
        // The tool's job may still go on in the daemon: never undo beside it.
        journal.tell({ type: 'end', status: 'unknown' });
        return report('unknown', await flightNamed(context, journal, failure));
      }
      const status = await applyUndo(context, journal, results);
      return report(status, failure);
    }
  }
  // Whoever interrupted the last act meant it no less.
  if (options.signal?.aborted) {
    const status = await applyUndo(context, journal, results);
    return report(status, { code: 'interrupted', step: null, message: 'interrupted', hint: '' });
  }
  // All its outcomes are written, and they say as much.
  journal.tell({ type: 'end', status: 'done' });
  return report('done', null);
}

/** Without its switch the run ends before it has begun. */
async function armOrEnd(context: ApplyContext, journal: Journal, deadMan: DeadMan): Promise<void> {
  try {
    await deadManArm(context.host, journal, deadMan);
  } catch (error) {
    journal.tell({ type: 'end', status: 'undone' });
    throw error;
  }
}

/** A guest starts with what its definition holds by then. Throws Failure `changed`. */
async function stepsStand(
  context: ApplyContext,
  plan: Plan,
  results: ReadonlyMap<string, StepReport['result']>,
): Promise<void> {
  for (const step of plan.steps.filter((s) => results.has(s.id))) {
    const { state, shown } = await stepCheck(context, step);
    if (state !== 'after')
      throw new Failure('changed', `${shown}: somebody else changed it meanwhile`, 'run it again');
  }
}

/** What is in flight, by name. */
async function flightNamed(
  { host }: ApplyContext,
  journal: Journal,
  failure: NonNullable<Applied['failure']>,
): Promise<NonNullable<Applied['failure']>> {
  const flights = await flightsNow(host, [journalRun(journal)]);
  const first = flights[0];
  if (!first) return failure;
  const message = [failure.message, ...flights.map((f) => f.text)].join('; ');
  return { ...failure, message, hint: flightHint(first) };
}

async function applyUndo(
  context: ApplyContext,
  journal: Journal,
  results: Map<string, StepReport['result']>,
): Promise<'undone' | 'partial'> {
  const undone = await stepsUndo(context, journalRun(journal), journal);
  for (const [step, { result }] of undone) {
    if (result === 'undone' && results.get(step) !== 'failed') results.set(step, 'undone');
    if (result === 'left') results.set(step, 'left');
  }
  const status = [...undone.values()].some((u) => u.result === 'left') ? 'partial' : 'undone';
  journal.tell({ type: 'end', status });
  if (status === 'undone') await deadManDisarm(context.host, journalRun(journal));
  return status;
}
