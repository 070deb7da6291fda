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
  return proofs.length > 0 && proofs.every((proof) => proof.state === 'proven') ? 'proven' : 'open';
}
