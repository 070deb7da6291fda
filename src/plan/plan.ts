/** A plan: what one command wants to change, as data that can be shown, applied, journalled and undone. */
import * as z from 'zod/mini';
import { GuestRef, Step } from './step.ts';

export const Plan = z.object({
  schema: z.literal('vfioctl/plan/1'),
  verb: z.enum(['assign', 'release', 'prepare']),
  guest: z.nullable(GuestRef),
  /** Addresses on the host that the plan is about. */
  functions: z.array(z.string()),
  steps: z.array(Step),
  /** What follows once the guest has been proven, by whichever command proves it: autostart is given back. */
  deferred: z.optional(z.array(Step)),
  /** Difference of the guest's definition as lines (` `, `-`, `+`), secrets hidden; libvirt may add addresses. */
  difference: z.array(z.string()),
  /** What a person should know before saying yes. */
  notes: z.array(z.string()),
});

export type Plan = z.infer<typeof Plan>;
