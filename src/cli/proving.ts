import { brakeHeld } from '../apply/brake.ts';
import { type Continued, runContinue } from '../apply/continue.ts';
import type { ApplyContext } from '../apply/steps/kind.ts';
import { Failure } from '../failure.ts';
import { guestWord } from '../findings/subject.ts';
import type { GuestModel } from '../model/guest.ts';
import { stepText } from '../plan/show.ts';
import type { Proof } from '../proof/proof.ts';
import { notObservable } from '../proof/verdict.ts';
import { proofsVerdict, verifyGuest } from '../proof/verify.ts';
import { harmless } from '../report/terminal.ts';
import { type CliContext, tell } from './context.ts';
import { type EventFlags, stateDirOf } from './flags.ts';
import { BOOT_MS, type Look } from './look.ts';
import { runsKnown } from './open-runs.ts';
import { progressOf } from './progress.ts';

type StateFlags = EventFlags & { readonly stateDir?: string };

/**
 * Started or plugged to be proven: silence to a card does no harm, and an idle one proves nothing. Who interrupts the
 * looking leaves the lend as it stands, unproven.
 */
export async function guestProve(
  context: CliContext,
  flags: EventFlags,
  look: Look,
  guest: GuestModel,
  addresses: readonly string[],
): Promise<Proof[]> {
  const progress = progressOf(context, flags);
  const interrupted = new Promise<null>((resolve) => {
    if (context.signal.aborted) resolve(null);
    else context.signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  const looking = verifyGuest(look.host, look.uri, look.model, guest, {
    exercise: true,
    tone: false,
    waitMs: BOOT_MS,
    addresses,
    progress: progress.told,
  });
  const proofs = await context.hold(() => Promise.race([looking, interrupted]));
  progress.end();
  return proofs ?? addresses.map((a) => notObservable('proof', a, 'interrupted before it was seen'));
}

/**
 * Gives a guest its autostart back when all that is lent to it has been proven; null when it was not taken away, or
 * cannot be given back now, which is said.
 */
export async function brakeLift(
  context: CliContext,
  flags: StateFlags,
  { host, uri }: Pick<Look, 'host' | 'uri'>,
  guest: GuestModel,
  proofs: readonly Proof[],
): Promise<Continued | null> {
  const brake = brakeHeld((await runsKnown(host, stateDirOf(flags))) ?? [], guest.uuid);
  if (brake === null) return null;
  const off = `autostart of ${harmless(guest.name)} stays off`;
  if (proofsVerdict(proofs) !== 'proven') {
    tell(context, `${off}: not everything that is lent to it is proven`);
    return null;
  }
  if (!host.writable) {
    tell(context, `${off}: it is given back by root: sudo vfioctl verify ${guestWord(guest)}`);
    return null;
  }
  try {
    return await context.hold(() => continued(context, flags, { host, uri }, guest, brake.run.number));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    tell(context, `${off}: ${harmless(error.message)}`);
    return null;
  }
}

async function continued(
  context: CliContext,
  flags: StateFlags,
  apply: ApplyContext,
  guest: GuestModel,
  run: number,
): Promise<Continued> {
  const lock = await apply.host.lock(`verify ${guest.name}`);
  try {
    const progress = progressOf(context, flags);
    const done = await runContinue(apply, stateDirOf(flags), run, {
      progress: (step, event) => event === 'begins' && progress.told(stepText(step)),
    });
    progress.end();
    return done;
  } finally {
    await lock.release();
  }
}
