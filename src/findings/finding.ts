/** A finding: one rule's answer about one subject, with the evidence it stands on. */
import * as z from 'zod/mini';

export const Evidence = z.object({
  /** Path on the host, or the pasted file. */
  source: z.string(),
  line: z.nullable(z.number()),
  text: z.string(),
});

export const Finding = z.object({
  rule: z.string(),
  /** `host`, a function's address, or a guest's name. */
  subject: z.string(),
  /** `clear`: looked, and all is well. `undecided`: the facts it needs were not read; `why` says which. */
  state: z.enum(['found', 'clear', 'undecided']),
  /** blocker: it cannot work. guard: it would take from the host what it lives on. */
  severity: z.enum(['blocker', 'guard', 'warning', 'info', 'noise']),
  certainty: z.enum(['certain', 'likely', 'possible']),
  evidence: z.array(Evidence),
  /** One sentence: what is so, and why it matters. */
  why: z.string(),
  remedy: z.nullable(
    z.object({ text: z.string(), command: z.nullable(z.string()), cost: z.nullable(z.string()) }),
  ),
  /** What one more output would settle it. */
  asks: z.array(z.string()),
  /** Words that override it when typed; null: it cannot be overridden. */
  accept: z.nullable(z.string()),
  /** Rule of the finding that explains this one; null: it stands on its own. */
  causedBy: z.nullable(z.string()),
});

export const Findings = z.object({ schema: z.literal('vfioctl/findings/1'), findings: z.array(Finding) });

export type Evidence = z.infer<typeof Evidence>;
export type Finding = z.infer<typeof Finding>;
export type Findings = z.infer<typeof Findings>;
