/** One lend, looked at from inside its guest. */
import type { PciFunction } from '../facts/snapshot.ts';
import type { Lend } from '../model/model.ts';
import {
  type GuestFunction,
  guestDeviceProof,
  guestDriver,
  guestDriverProof,
  guestFunctionOf,
  guestFunctions,
  guestInterrupts,
  guestInterruptsProof,
  guestIrqs,
} from './guest.ts';
import type { Exercise } from './interrupts.ts';
import type { Kind } from './kinds/index.ts';
import type { Patience } from './patience.ts';
import type { Proof } from './proof.ts';
import { notObservable } from './verdict.ts';
import { GuestSilent, type GuestView } from './view.ts';

export interface Inside {
  readonly view: GuestView;
  readonly patience: Patience;
  readonly exercise: boolean;
  readonly tone: boolean;
  /** Functions of the guest that are known to be one of the lent ones: twins are told apart by being used up. */
  readonly taken: Set<string>;
}

/** Names of the guest's proofs of a function, and what a person runs in the guest to see the same. */
export function insideByHand(fn: PciFunction | null, kind: Kind | null): Map<string, string> {
  const ids = fn ? ` -d ${fn.vendor}:${fn.device}` : '';
  return new Map([
    ['guest-device', `lspci -nn${ids}`],
    ['guest-driver', `lspci -nnk${ids}`],
    ['guest-interrupts', 'cat /proc/interrupts'],
    ...(kind?.proofs ?? []),
  ]);
}

/**
 * Adds every proof of `insideByHand`, in any order. `inside` is a text when the guest cannot be looked into: then
 * nothing is observable. `ready` is called just before the function is made to work.
 */
export async function insideProofs(
  inside: Inside | string,
  lend: Lend,
  fn: PciFunction | null,
  kind: Kind | null,
  add: (proof: Proof) => void,
  ready: () => void,
): Promise<Exercise> {
  const missing = insideByHand(fn, kind);
  const note = (proof: Proof): void => {
    missing.delete(proof.name);
    add(proof);
  };
  try {
    if (typeof inside === 'string') throw new GuestSilent(inside);
    if (!fn) throw new GuestSilent(`${lend.address} is not among this host's functions`);
    const exercise = await observe(inside, lend, fn, kind, note, ready);
    const why = exercise.done ? 'it was not looked at' : exercise.why;
    for (const name of missing.keys()) add(notObservable(name, lend.address, why));
    return exercise;
  } catch (error) {
    if (!(error instanceof GuestSilent)) throw error;
    const why = error.message;
    for (const [name, command] of missing) {
      add(notObservable(name, lend.address, `${why}; run in the guest: ${command}`));
    }
    return { done: false, why };
  }
}

interface Sight {
  readonly functions: GuestFunction[];
  readonly own: GuestFunction | null;
  readonly driver: string | null;
}

async function observe(
  { view, patience, exercise, tone, taken }: Inside,
  lend: Lend,
  fn: PciFunction,
  kind: Kind | null,
  add: (proof: Proof) => void,
  ready: () => void,
): Promise<Exercise> {
  const subject = lend.address;
  const start = await guestInterrupts(view);
  const { functions, own, driver } = await patience<Sight>(
    async () => {
      const all = await guestFunctions(view);
      const one = guestFunctionOf(fn, lend, all, taken);
      return { functions: all, own: one, driver: one ? await guestDriver(view, one.address) : null };
    },
    (sight) => sight.driver !== null,
    `a driver for ${fn.vendor}:${fn.device} in ${view.name}`,
  );
  add(guestDeviceProof(view, fn, own, functions, taken));
  if (!own) return { done: false, why: `${view.name} does not have the function` };
  taken.add(own.address);
  add(guestDriverProof(view, subject, own.address, driver));
  if (driver === null) return { done: false, why: `${view.name} has no driver for it` };

  const idle = await guestInterrupts(view);
  ready();
  const work: Exercise = kind
    ? await kind.observe({ view, subject, fn: own, driver, exercise, tone, patience }, add)
    : { done: false, why: 'functions of its class are watched, not exercised' };
  const end = await guestInterrupts(view);
  const irqs = await guestIrqs(view, own);
  add(guestInterruptsProof(view, subject, irqs, driver, { start, idle, end }, work));
  return work;
}
