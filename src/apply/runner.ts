import { Failure } from '../failure.ts';
import type { Plan } from '../plan/plan.ts';
import { stepText } from '../plan/show.ts';
import type { Step } from '../plan/step.ts';
import { type Journal, journalCreate, runRead, runsRead } from './journal.ts';
import type { RunReport, StepReport } from './report.ts';
import { stepSettle } from './settle.ts';
import { stepKind } from './steps/index.ts';
import type { ApplyContext, Check } from './steps/kind.ts';
import { stepsUndo } from './undo.ts';

export interface ApplyOptions {
  readonly stateDir: string;
  /** The command as it was typed, for the journal. */
  readonly argv: readonly string[];
  /** Set by Ctrl-C or SIGTERM: the running act is let end, then everything done is undone. */
  readonly signal?: AbortSignal;
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
  const runs = await runsRead(given.host, options.stateDir);
  const context = { ...given, runs };
  const journal = journalCreate(context.host, options.stateDir, options.argv, plan);
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
        journal.append({ type: 'end', status: 'unknown' });
        return report('unknown', failure);
      }
      const status = await applyUndo(context, options.stateDir, journal, results);
      return report(status, failure);
    }
  }
  journal.append({ type: 'end', status: 'done' });
  return report('done', null);
}

async function stepApply(context: ApplyContext, journal: Journal, step: Step): Promise<StepReport['result']> {
  const kind = stepKind(step);
  const found = await kind.check(context, step);
  if (found.state === 'after') {
    journal.append({ type: 'outcome', step: step.id, result: 'there', after: found.observed, error: null });
    return 'there';
  }
  if (found.state === 'other') {
    throw new Failure(
      'changed',
      `${found.shown}: that is neither as planned nor as it was`,
      'look, then run it again',
    );
  }
  journal.append({ type: 'intent', step: step.id, before: found.observed });
  if (step.kind === 'reboot') {
    journal.append({ type: 'wait-reboot', step: step.id });
    return 'waiting';
  }
  let answered = true;
  try {
    await kind.act(context, step, (argv, child) =>
      journal.append({
        type: 'child',
        step: step.id,
        argv: [...argv],
        pid: child.pid,
        startTicks: child.startTicks,
      }),
    );
  } catch (error) {
    answered = !(error instanceof Failure && error.code === 'outcome-unknown');
    if (answered) {
      // The act may have done a part: what stands there now decides whether there is something to undo.
      const now = await checkQuietly(context, step);
      journal.append({
        type: 'outcome',
        step: step.id,
        result: 'failed',
        after: now?.observed ?? {},
        error: text(error),
      });
      throw error;
    }
  }
  const after = await stepSettle(context, step, 'after');
  if (after.state !== 'after') {
    // A tool that never answered may still have its way through the daemon: that is no failure to undo beside.
    const unknown = !answered;
    journal.append({
      type: 'outcome',
      step: step.id,
      result: unknown ? 'unknown' : 'failed',
      after: after.observed,
      error: after.shown,
    });
    throw new Failure(unknown ? 'outcome-unknown' : 'step-failed', after.shown, hintFor(step));
  }
  journal.append({ type: 'outcome', step: step.id, result: 'done', after: after.observed, error: null });
  return 'done';
}

async function checkQuietly(context: ApplyContext, step: Step): Promise<Check | null> {
  try {
    return await stepKind(step).check(context, step);
  } catch {
    return null;
  }
}

async function applyUndo(
  context: ApplyContext,
  stateDir: string,
  journal: Journal,
  results: Map<string, StepReport['result']>,
): Promise<'undone' | 'partial'> {
  const run = await runRead(context.host, stateDir, journal.run);
  const undone = await stepsUndo(context, run, journal);
  for (const [step, { result }] of undone) {
    if (result === 'undone' && results.get(step) !== 'failed') results.set(step, 'undone');
    if (result === 'left') results.set(step, 'left');
  }
  const status = [...undone.values()].some((u) => u.result === 'left') ? 'partial' : 'undone';
  journal.append({ type: 'end', status });
  return status;
}

function failureOf(error: unknown, step: Step): NonNullable<Applied['failure']> {
  if (!(error instanceof Failure)) throw error;
  return { code: error.code, step: step.id, message: error.message, hint: error.hint };
}

function hintFor(step: Step): string {
  if (step.kind === 'guest-start' && !step.after.running) {
    return `shut it down from inside, or pull its plug with: virsh destroy ${step.target.guest.uuid}; then run it again`;
  }
  return '';
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
