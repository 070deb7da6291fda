/** What came of one command that changes the host: the document behind `--json` of assign, release and undo. */
import * as z from 'zod/mini';
import { Finding } from '../findings/finding.ts';
import { Proof } from '../proof/proof.ts';

export const StepReport = z.object({
  id: z.string(),
  kind: z.string(),
  text: z.string(),
  /** `there`: it was so already. `undone`: done, and taken back. `left`: could not be taken back. */
  result: z.enum(['done', 'there', 'failed', 'unknown', 'undone', 'left', 'skipped', 'waiting']),
});

export const RunReport = z.object({
  schema: z.literal('vfioctl/run/1'),
  /** Its number in `vfioctl history`; null when nothing was journalled, because nothing had to be done. */
  run: z.nullable(z.number()),
  verb: z.string(),
  changed: z.boolean(),
  status: z.enum(['nothing', 'planned', 'done', 'undone', 'partial', 'unknown', 'waiting', 'refused']),
  functions: z.array(z.string()),
  guest: z.nullable(z.string()),
  steps: z.array(StepReport),
  failure: z.nullable(
    z.object({ code: z.string(), step: z.nullable(z.string()), message: z.string(), hint: z.string() }),
  ),
  notes: z.array(z.string()),
  /** What refused it; what was insisted on all the same; what else is worth knowing. */
  findings: z.array(Finding),
  /** The guards among them that a person has overridden, with the words. */
  accepted: z.optional(z.array(z.object({ rule: z.string(), words: z.string() }))),
  /** What takes the run back by itself at `due` (ISO), unless it has been kept. */
  deadMan: z.optional(z.object({ unit: z.string(), due: z.string(), kept: z.boolean() })),
  proofs: z.array(Proof),
});

export type StepReport = z.infer<typeof StepReport>;
export type RunReport = z.infer<typeof RunReport>;
