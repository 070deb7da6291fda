/** A proof: an observation that a lend works, or that it does not. Never an assumption. */
import * as z from 'zod/mini';
import { Evidence } from '../findings/finding.ts';

export const ProofState = z.enum(['proven', 'disproven', 'not-yet', 'not-observable']);

export const Proof = z.object({
  /** `driver`, `held`, `interrupts`, `guest-device`, `guest-driver`, `guest-interrupts`, `guest-sound`, `guest-mixer`, … */
  name: z.string(),
  /** Address of the function on the host; null when it is about the guest as a whole. */
  subject: z.nullable(z.string()),
  state: ProofState,
  /** One sentence; for what is not observable, why, and what to run instead. */
  why: z.string(),
  evidence: z.array(Evidence),
});

export const Proofs = z.object({
  schema: z.literal('vfioctl/proof/1'),
  guest: z.string(),
  proofs: z.array(Proof),
});

export type ProofState = z.infer<typeof ProofState>;
export type Proof = z.infer<typeof Proof>;
export type Proofs = z.infer<typeof Proofs>;
