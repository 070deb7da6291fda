import type { Host, RunningChild } from '../../host/host.ts';
import type { Step } from '../../plan/step.ts';
import type { Run } from '../journal.ts';
import type { Observed } from '../record.ts';

export interface ApplyContext {
  readonly host: Host;
  /** libvirt's connection URI. */
  readonly uri: string;
  /** Earlier runs, oldest first, for what only they know of a lend; none where they were not read. */
  readonly runs?: readonly Run[];
}

/** Where a step's target stands, read now. `shown` says it in a few words, for the difference on `other`. */
export interface Check {
  readonly state: 'before' | 'after' | 'other';
  readonly shown: string;
  readonly observed: Observed;
}

/** What the journal keeps of a step that was done: the target whole, before and after. */
export interface Done {
  readonly before: Observed;
  /** Null when the run was cut off before the outcome was written. */
  readonly after: Observed | null;
}

/**
 * One kind of step. `act` brings the target from before to after, `undo` brings it back; neither reads back: the
 * runner checks after each, so that no kind can forget it.
 */
export interface StepKind<S extends Step> {
  readonly kind: S['kind'];
  /** False for what a reboot takes away: it is void then, and never undone. */
  readonly survivesReboot: boolean;
  /** How long the check may take to see the act's effect, in milliseconds: some effects come a moment later. */
  readonly settleMs: number;
  check(context: ApplyContext, step: S): Promise<Check>;
  act(
    context: ApplyContext,
    step: S,
    started: (argv: readonly string[], child: RunningChild) => void,
  ): Promise<void>;
  undo(context: ApplyContext, step: S, done: Done): Promise<void>;
}
