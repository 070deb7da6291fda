import type { Evidence } from '../findings/finding.ts';
import type { Proof, ProofState } from './proof.ts';

type Say = (name: string, subject: string | null, why: string, evidence?: readonly Evidence[]) => Proof;

const say =
  (state: ProofState): Say =>
  (name, subject, why, evidence = []) => ({ name, subject, state, why, evidence: [...evidence] });

export const proven = say('proven');
export const disproven = say('disproven');
export const notYet = say('not-yet');
export const notObservable = say('not-observable');

/**
 * `proven`: every proof is. `wanting`: one at least is disproven. `open`: nothing speaks against it, but not all was
 * seen, or nothing was there to see. Exit codes 0, 7 and 7.
 */
export function proofsVerdict(proofs: readonly Proof[]): 'proven' | 'wanting' | 'open' {
  if (proofs.some((proof) => proof.state === 'disproven')) return 'wanting';
  const seen = (proof: Proof) => proof.state === 'proven' || seenInGuest(proofs, proof);
  return proofs.length > 0 && proofs.every(seen) ? 'proven' : 'open';
}

/**
 * Interrupts that the host cannot tell apart (a shared line), or never sees (posted past it), are proven by the
 * guest's own count.
 */
function seenInGuest(proofs: readonly Proof[], { name, subject, state }: Proof): boolean {
  const guest = proofs.find((proof) => proof.name === 'guest-interrupts' && proof.subject === subject);
  return name === 'interrupts' && state === 'not-observable' && guest?.state === 'proven';
}
