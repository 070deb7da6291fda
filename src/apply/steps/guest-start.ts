import { failureFrom } from '../../failure.ts';
import { domainActive, domainShutdown, domainStart, domainState } from '../../host/libvirt/domain.ts';
import type { GuestStartStep } from '../../plan/step.ts';
import { patienceOf } from '../patience.ts';
import type { ApplyContext, Check, ChildStarted, StepKind } from './kind.ts';

const POLL_MS = 1_000;
/** A guest that has just begun to boot hears no power button: it is pressed again while the guest runs on. */
const PRESS_AGAIN_MS = 15_000;
const PRESS_FOR_MS = 60_000;

/** A guest is started, or asked to shut down. Never a hard stop: a started guest may hold data. */
export const guestStart: StepKind<GuestStartStep> = {
  kind: 'guest-start',
  survivesReboot: () => false,
  // One that starts is paused at first. One that shuts down takes its time, and is reported and not killed if it won't.
  settleMs: (step, wanted) => (step[wanted].running ? 10_000 : 60_000),

  async check({ host, uri }, step): Promise<Check> {
    const state = await domainState(host, uri, step.target.guest.uuid);
    // A paused or dying guest still has its hardware, and so has one that crashed and whose process is preserved.
    const running = domainActive(state);
    const settled = state === 'running' || !running;
    const shown = `${step.target.guest.name} is ${state}`;
    if (!settled && state !== 'in shutdown') return { state: 'other', shown, observed: { text: state } };
    return { state: running === step.after.running ? 'after' : 'before', shown, observed: { text: state } };
  },

  act(context, step, started) {
    return run(context, step, step.after.running, started);
  },

  undo(context, step, _, started) {
    return run(context, step, step.before.running, started);
  },
};

function run(
  { host, uri }: ApplyContext,
  step: GuestStartStep,
  start: boolean,
  started: ChildStarted,
): Promise<void> {
  const { uuid } = step.target.guest;
  return start ? domainStart(host, uri, uuid, started) : shutDown({ host, uri }, uuid, started);
}

async function shutDown({ host, uri }: ApplyContext, uuid: string, started: ChildStarted): Promise<void> {
  await domainShutdown(host, uri, uuid, started);
  const patience = patienceOf(host);
  for (let pressedMs = 0; patience.waitedMs < PRESS_FOR_MS; ) {
    await patience.pause(POLL_MS);
    if ((await domainState(host, uri, uuid)) !== 'running') return;
    if (patience.waitedMs - pressedMs < PRESS_AGAIN_MS) continue;
    pressedMs = patience.waitedMs;
    const refusal = await failureFrom(domainShutdown(host, uri, uuid, started));
    // It went off between the look and the button.
    if (refusal !== null && (await domainState(host, uri, uuid)) === 'running') throw refusal;
  }
}
