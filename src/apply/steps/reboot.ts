import type { RebootStep } from '../../plan/step.ts';
import { bootId } from '../journal.ts';
import type { Check, StepKind } from './kind.ts';

/** A reboot is asked for, never done by us: the runner journals that it waits, and the next boot is its `after`. */
export const reboot: StepKind<RebootStep> = {
  kind: 'reboot',
  survivesReboot: () => true,
  settleMs: () => 0,

  async check({ host }, step): Promise<Check> {
    const boot = bootId(host);
    const state = boot === step.before.bootId ? 'before' : 'after';
    return { state, shown: `boot ${boot ?? 'unknown'}`, observed: { text: boot ?? '' } };
  },

  async act() {},
  async undo() {},
};
