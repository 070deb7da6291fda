/** What functions of one class do when they live: a proof of their own beyond those that every function has. */
import type { GuestFunction } from '../guest.ts';
import type { Exercise } from '../interrupts.ts';
import type { Patience } from '../patience.ts';
import type { Proof } from '../proof.ts';
import type { GuestView } from '../view.ts';
import { sound } from './sound.ts';

export interface KindQuestion {
  readonly view: GuestView;
  /** The function's address on the host: the proofs are about it. */
  readonly subject: string;
  /** The same function as the guest has it, and the guest's driver for it. */
  readonly fn: GuestFunction;
  readonly driver: string;
  readonly exercise: boolean;
  readonly tone: boolean;
  readonly patience: Patience;
}

export interface Kind {
  /** The proofs that it gives, and what a person runs in the guest to see the same. */
  readonly proofs: ReadonlyMap<string, string>;
  /** Adds its proofs as it finds them, so that what was seen stays seen when the guest falls silent half-way. */
  observe(question: KindQuestion, add: (proof: Proof) => void): Promise<Exercise>;
}

/** By base class and sub class of the PCI Code and ID Assignment specification. */
const KINDS: Readonly<Record<string, Kind>> = { '0401': sound, '0403': sound };

export function kindOf(pciClass: string): Kind | null {
  return KINDS[pciClass.slice(0, 4)] ?? null;
}
