import { Failure, failureFrom } from '../failure.ts';
import { libvirtLost } from '../host/libvirt/virsh.ts';
import type { Step } from '../plan/step.ts';
import type { Journal } from './journal.ts';
import type { RunReport, StepReport } from './report.ts';
import { stepCheck, stepSettle } from './settle.ts';
import { stepKind } from './steps/index.ts';
import { type ApplyContext, type Check, childStarted } from './steps/kind.ts';

/** Check, journal the intent, act, read back, journal the outcome: one step. Throws Failure when it is not done. */
export async function stepApply(
  context: ApplyContext,
  journal: Journal,
  step: Step,
): Promise<StepReport['result']> {
  const found = await stepCheck(context, step);
  if (found.state === 'after') {
    journal.append({ type: 'outcome', step: step.id, result: 'there', after: found.observed, error: null });
    if (startsGuest(step)) throw startedMeanwhile(found);
    return 'there';
  }
  if (found.state !== 'before') {
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
  const refusal = await failureFrom(stepKind(step).act(context, step, childStarted(journal, step)));
  const { result, after, failure } = await stepOutcome(context, step, refusal);
  journal.append({
    type: 'outcome',
    step: step.id,
    result,
    after: after?.observed ?? {},
    error: failure?.message ?? null,
  });
  if (failure) throw failure;
  return result === 'there' ? 'there' : 'done';
}

interface StepOutcome {
  readonly result: 'done' | 'there' | 'failed' | 'unknown';
  readonly after: Check | null;
  readonly failure: Failure | null;
}

/**
 * What the tool said, and where the step stands after it: the second decides. A tool that did not answer may still
 * have its way through the daemon, which is no failure to undo beside; a libvirt that ended in the middle will not.
 */
async function stepOutcome(context: ApplyContext, step: Step, refusal: Failure | null): Promise<StepOutcome> {
  const silent = refusal?.code === 'outcome-unknown';
  const ended = refusal?.code === 'no-libvirt';
  const coming = refusal === null || silent || libvirtLost(refusal);
  const looked = coming ? stepSettle(context, step, 'after') : stepCheck(context, step);
  const after = await looked.catch((error: unknown) => {
    if (error instanceof Failure) return error;
    throw error;
  });
  if (after instanceof Failure) {
    const unknown = silent || ended;
    const failure = unknown
      ? new Failure('outcome-unknown', refusal.message, refusal.hint)
      : (refusal ?? after);
    return { result: unknown ? 'unknown' : 'failed', after: null, failure };
  }
  if (after.state === 'after') {
    if (refusal === null || silent || ended) return { result: 'done', after, failure: null };
    // It was refused because somebody else was faster, and is not ours to take back.
    if (step.kind === 'guest-start')
      return { result: 'there', after, failure: startsGuest(step) ? startedMeanwhile(after) : null };
    return { result: 'failed', after, failure: refusal };
  }
  if (silent) return { result: 'unknown', after, failure: refusal };
  const failure = refusal ?? new Failure('step-failed', after.shown, hintFor(step));
  return { result: 'failed', after, failure };
}

export function startsGuest(step: Step): boolean {
  return step.kind === 'guest-start' && step.after.running;
}

/** What runs then may have begun before its definition was as planned, and holds what it held. */
function startedMeanwhile({ shown }: Check): Failure {
  return new Failure(
    'changed',
    `${shown}: somebody else started it meanwhile`,
    'it is left running; shut it down, then run it again',
  );
}

export function failureOf(error: unknown, step: Step): NonNullable<RunReport['failure']> {
  if (!(error instanceof Failure)) throw error;
  return { code: error.code, step: step.id, message: error.message, hint: error.hint };
}

function hintFor(step: Step): string {
  if (step.kind === 'guest-start' && !step.after.running) {
    return `shut it down from inside, or pull its plug with: virsh destroy ${step.target.guest.uuid}; then run it again`;
  }
  return '';
}
