import { Failure } from '../failure.ts';
import { libvirtAway } from '../host/libvirt/virsh.ts';
import type { Step } from '../plan/step.ts';
import { patienceOf } from './patience.ts';
import { stepKind } from './steps/index.ts';
import type { ApplyContext, Check } from './steps/kind.ts';

const POLL_MS = 250;
const LOOKS_MS = 1_000;
/** libvirtd's start, with every emulator asked for what it can. */
const RESTART_MS = 20_000;

/** Reads where a step stands. A libvirt that is just being restarted is waited for: only the step's stand decides. */
export async function stepCheck(context: ApplyContext, step: Step): Promise<Check> {
  const patience = patienceOf(context.host);
  for (;;) {
    try {
      return await stepKind(step).check(context, step);
    } catch (error) {
      if (!libvirtAway(error) || patience.waitedMs >= RESTART_MS) throw error;
    }
    await patience.pause(POLL_MS);
  }
}

/** Reads back until the step stands as wanted, or until its kind's settling time, or a longer one, is over. */
export async function stepSettle(
  context: ApplyContext,
  step: Step,
  wanted: 'before' | 'after',
  atLeastMs = 0,
): Promise<Check> {
  const settleMs = Math.max(stepKind(step).settleMs(step, wanted), atLeastMs);
  const patience = patienceOf(context.host);
  for (;;) {
    const check = await stepCheck(context, step).catch((error: unknown) => {
      // One look that fails says nothing of the step; what was asked of a guest may be on its way all the same.
      if (refusedLook(error) && patience.waitedMs < Math.max(settleMs, LOOKS_MS)) return null;
      throw error;
    });
    if (check !== null && (check.state === wanted || patience.waitedMs >= settleMs)) return check;
    await patience.pause(POLL_MS);
  }
}

function refusedLook(error: unknown): boolean {
  return error instanceof Failure && error.code === 'step-failed';
}
