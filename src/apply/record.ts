/**
 * The journal's records: one file a run, one JSON document a line. Every record carries its sequence number, the
 * boot it was written in and the version that wrote it, so that a later version on a later boot can undo it.
 */
import * as z from 'zod/mini';
import { Plan } from '../plan/plan.ts';

const head = { seq: z.number(), at: z.string(), boot: z.nullable(z.string()) };

/** What a step's target looked like: kept whole, with secrets, for an undo that is byte for byte. */
export const Observed = z.object({
  /** Inactive definition of the guest, with secrets. */
  xml: z.optional(z.string()),
  driver: z.optional(z.nullable(z.string())),
  text: z.optional(z.string()),
});

export const RunRecord = z.object({
  ...head,
  type: z.literal('run'),
  journal: z.literal('vfioctl/journal/1'),
  by: z.string(),
  run: z.number(),
  argv: z.array(z.string()),
  plan: Plan,
});
export const IntentRecord = z.object({
  ...head,
  type: z.literal('intent'),
  step: z.string(),
  before: Observed,
});
const ChildRecord = z.object({
  ...head,
  type: z.literal('child'),
  step: z.string(),
  argv: z.array(z.string()),
  pid: z.number(),
  startTicks: z.nullable(z.number()),
});
export const OutcomeRecord = z.object({
  ...head,
  type: z.literal('outcome'),
  step: z.string(),
  /** `done`: read back as planned. `there`: it was so already. `failed`: not done. `unknown`: the tool did not answer. */
  result: z.enum(['done', 'there', 'failed', 'unknown']),
  after: Observed,
  error: z.nullable(z.string()),
});
const UndoIntentRecord = z.object({ ...head, type: z.literal('undo-intent'), step: z.string() });
export const UndoOutcomeRecord = z.object({
  ...head,
  type: z.literal('undo-outcome'),
  step: z.string(),
  /** `undone`: taken back. `nothing`: there was nothing to take back. `void`: gone with its boot. `left`: stands still. */
  result: z.enum(['undone', 'nothing', 'void', 'left']),
  error: z.nullable(z.string()),
});
const WaitRebootRecord = z.object({ ...head, type: z.literal('wait-reboot'), step: z.string() });
/** A unit of systemd that takes the run back at its time, unless a `keep` comes first. */
const DeadManRecord = z.object({
  ...head,
  type: z.literal('dead-man'),
  unit: z.string(),
  seconds: z.number(),
});
const KeepRecord = z.object({ ...head, type: z.literal('keep') });
export const EndRecord = z.object({
  ...head,
  type: z.literal('end'),
  status: z.enum(['done', 'undone', 'partial', 'unknown']),
});

export const JournalRecord = z.discriminatedUnion('type', [
  RunRecord,
  IntentRecord,
  ChildRecord,
  OutcomeRecord,
  UndoIntentRecord,
  UndoOutcomeRecord,
  WaitRebootRecord,
  DeadManRecord,
  KeepRecord,
  EndRecord,
]);

export type Observed = z.infer<typeof Observed>;
export type RunRecord = z.infer<typeof RunRecord>;
export type IntentRecord = z.infer<typeof IntentRecord>;
export type OutcomeRecord = z.infer<typeof OutcomeRecord>;
export type UndoOutcomeRecord = z.infer<typeof UndoOutcomeRecord>;
export type EndRecord = z.infer<typeof EndRecord>;
export type JournalRecord = z.infer<typeof JournalRecord>;
/** A record as its writer gives it: the journal adds sequence, time and boot. */
export type JournalEntry = JournalRecord extends infer R
  ? R extends JournalRecord
    ? Omit<R, 'seq' | 'at' | 'boot'>
    : never
  : never;
