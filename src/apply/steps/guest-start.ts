import { domainActive, domainShutdown, domainStart, domainState } from '../../host/libvirt/domain.ts';
import type { GuestStartStep } from '../../plan/step.ts';
import type { ApplyContext, Check, ChildStarted, StepKind } from './kind.ts';

/** A guest is started, or asked to shut down. Never a hard stop: a started guest may hold data. */
export const guestStart: StepKind<GuestStartStep> = {
  kind: 'guest-start',
  survivesReboot: () => false,
  // One that starts is paused at first. One that shuts down takes its time, and is reported and not killed if it won't.
  settleMs: (step, wanted) => (step[wanted].running ? 10_000 : 120_000),

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
  return start ? domainStart(host, uri, uuid, started) : domainShutdown(host, uri, uuid, started);
}
