/** Does a lend work: every function lent to one guest, looked at from the host and from inside the guest. */
import type { Host } from '../host/host.ts';
import { value } from '../host/host.ts';
import type { GuestModel } from '../model/guest.ts';
import type { HostModel, Lend } from '../model/model.ts';
import { driverProof, heldProof, hostProofs, interruptsProof } from './host.ts';
import { type Inside, insideByHand, insideProofs } from './inside.ts';
import { kindOf } from './kinds/index.ts';
import { patienceOf } from './patience.ts';
import type { Proof } from './proof.ts';
import { notYet } from './verdict.ts';
import { GuestSilent, guestView } from './view.ts';

export { proofsVerdict } from './verdict.ts';

export interface VerifyOptions {
  /** Let the function do harmless work while its interrupts are counted. */
  readonly exercise: boolean;
  /** Make a sound; what is changed in the guest's mixer for it is put back. */
  readonly tone: boolean;
  /** Only these functions of the host; all that the guest has been lent unless told. */
  readonly addresses?: readonly string[];
  /** How long a guest that boots may take to show what it lacks; 0 unless told. */
  readonly waitMs?: number;
  readonly progress?: (text: string) => void;
}

/** Without an exercise, this long between two counts of the same interrupts. */
const IDLE_MS = 1000;
/** A line an interrupt, eleven bytes a processor: enough for thousands of both. */
const INTERRUPTS_BYTES = 1 << 26;

/**
 * Passive unless `exercise` or `tone`. A guest that cannot be asked is an answer, not an error. The proofs of a
 * function stand together, the host's first; empty when the guest has been lent nothing.
 */
export async function verifyGuest(
  host: Host,
  uri: string,
  model: HostModel,
  guest: GuestModel,
  options: VerifyOptions,
): Promise<Proof[]> {
  const lends = model.lends.filter(
    (lend) => lend.guest.uuid === guest.uuid && (options.addresses?.includes(lend.address) ?? true),
  );
  const proofs: Proof[] = [];
  let inside: Inside | string | null = null;
  for (const lend of lends) {
    if (!guest.active || !lend.live) {
      proofs.push(...lendNotYet(model, lend));
      continue;
    }
    inside ??= await insideOf(host, uri, guest, options);
    proofs.push(...(await lendProofs(host, model, lend, inside)));
  }
  return proofs;
}

/** The guest's inside, or why there is no looking into it. */
async function insideOf(
  host: Host,
  uri: string,
  guest: GuestModel,
  { exercise, tone, waitMs = 0, progress = () => {} }: VerifyOptions,
): Promise<Inside | string> {
  const patience = patienceOf(host, waitMs, progress);
  try {
    return { view: await guestView(host, uri, guest, patience), patience, exercise, tone, taken: new Set() };
  } catch (error) {
    if (error instanceof GuestSilent) return error.message;
    throw error;
  }
}

function lendNotYet(model: HostModel, { guest, address }: Lend): Proof[] {
  const fn = model.functions.get(address) ?? null;
  const why = guest.active
    ? `${guest.name} runs without it; it comes at the next full stop and start`
    : `${guest.name} is off`;
  const names = [...hostProofs, ...insideByHand(fn, kindOf(fn?.class ?? '')).keys()];
  return names.map((name) => notYet(name, address, why));
}

async function lendProofs(
  host: Host,
  model: HostModel,
  lend: Lend,
  inside: Inside | string,
): Promise<Proof[]> {
  const { address } = lend;
  const fn = model.functions.get(address) ?? null;
  const kind = kindOf(fn?.class ?? '');
  const found = new Map<string, Proof>();
  const interrupts = (): string | null => value(host.read('/proc/interrupts', INTERRUPTS_BYTES));

  const start = interrupts();
  let idle = start;
  const exercise = await insideProofs(
    inside,
    lend,
    fn,
    kind,
    (proof) => found.set(proof.name, proof),
    () => {
      idle = interrupts();
    },
  );
  if (!exercise.done) await host.sleep(IDLE_MS);
  const end = interrupts();
  const readings = start !== null && idle !== null && end !== null ? { start, idle, end } : null;
  return [
    driverProof(host, address),
    heldProof(host, model, lend),
    interruptsProof(host, address, readings, exercise),
    ...[...insideByHand(fn, kind).keys()].flatMap((name) => found.get(name) ?? []),
  ];
}
