import type { Host, RunningChild } from '../../host/host.ts';
import type { Step } from '../../plan/step.ts';
import type { Journal, Run } from '../journal.ts';
import type { Observed } from '../record.ts';

export interface ApplyContext {
  readonly host: Host;
  /** libvirt's connection URI. */
  readonly uri: string;
  /** Earlier runs, oldest first, for what only they know of a lend; none where they were not read. */
  readonly runs?: readonly Run[];
}

/**
 * Where a step's target stands, read now. `half`: begun and cut off, as only the act itself leaves it. `shown` says it
 * in a few words, for the difference on `other`.
 */
export interface Check {
  readonly state: 'before' | 'after' | 'half' | 'other';
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
  survivesReboot(step: S): boolean;
  /** How long it may take to be seen to stand so, in milliseconds, once it was asked for. */
  settleMs(step: S, wanted: 'before' | 'after'): number;
  check(context: ApplyContext, step: S): Promise<Check>;
  act(context: ApplyContext, step: S, started: ChildStarted): Promise<void>;
  undo(context: ApplyContext, step: S, done: Done, started: ChildStarted): Promise<void>;
  /** What was changed is no more, so that nothing can be taken back from it. */
  gone?(context: ApplyContext, step: S): Promise<boolean>;
}

/** Told of every tool that changes something as soon as it runs, so that who comes after a crash can wait for it. */
export type ChildStarted = (argv: readonly string[], child: RunningChild) => void;

/** The tool runs already: a record that the disk does not take must not make us leave it alone. */
export function childStarted(journal: Journal, step: Step): ChildStarted {
  return (argv, { pid, startTicks }) =>
    journal.tell({ type: 'child', step: step.id, argv: [...argv], pid, startTicks });
}
