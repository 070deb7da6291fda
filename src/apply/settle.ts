import type { Step } from '../plan/step.ts';
import { stepKind } from './steps/index.ts';
import type { ApplyContext, Check } from './steps/kind.ts';

const POLL_MS = 250;

/** Reads back until the step stands as wanted, or until its kind's settling time is over. */
export async function stepSettle(context: ApplyContext, step: Step, wanted: Check['state']): Promise<Check> {
  const kind = stepKind(step);
  const end = context.host.now().getTime() + kind.settleMs;
  for (;;) {
    const check = await kind.check(context, step);
    if (check.state === wanted || context.host.now().getTime() >= end) return check;
    await context.host.sleep(POLL_MS);
  }
}
