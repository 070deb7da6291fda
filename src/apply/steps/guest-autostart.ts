import { domainAutostart, domainAutostartSet } from '../../host/libvirt/domain.ts';
import type { GuestAutostartStep } from '../../plan/step.ts';
import type { Check, StepKind } from './kind.ts';

/** A guest with a new lend does not start with the host until it has been proven once. */
export const guestAutostart: StepKind<GuestAutostartStep> = {
  kind: 'guest-autostart',
  survivesReboot: () => true,
  settleMs: () => 0,

  async check({ host, uri }, step): Promise<Check> {
    const on = await domainAutostart(host, uri, step.target.guest.uuid);
    return {
      state: on === step.after.on ? 'after' : 'before',
      shown: `${step.target.guest.name} ${on ? 'starts' : 'does not start'} with the host`,
      observed: { text: on ? 'on' : 'off' },
    };
  },

  act({ host, uri }, step, started) {
    return domainAutostartSet(host, uri, step.target.guest.uuid, step.after.on, started);
  },

  undo({ host, uri }, step, _, started) {
    return domainAutostartSet(host, uri, step.target.guest.uuid, step.before.on, started);
  },
};
