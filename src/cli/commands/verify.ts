import { proofsVerdict, verifyGuest } from '../../proof/verify.ts';
import { proofsText } from '../../report/proofs.ts';
import { harmless, styleOf } from '../../report/terminal.ts';
import { type CliContext, print, tell } from '../context.ts';
import { EXIT, type ExitCode, exitOfProofs } from '../exit.ts';
import type { EventFlags } from '../flags.ts';
import { BOOT_MS, guestResolve, lookAt, VERIFY_NEEDS } from '../look.ts';
import { forProgram, printDocument, progressOf } from '../progress.ts';
import { brakeLift } from '../proving.ts';

interface VerifyFlags extends EventFlags {
  readonly stateDir?: string;
  readonly exercise?: boolean;
  readonly tone?: boolean;
}

export async function verify(this: CliContext, flags: VerifyFlags, name: string): Promise<ExitCode> {
  const look = await lookAt(this, flags, VERIFY_NEEDS);
  const guest = guestResolve(look.model, name);
  const progress = progressOf(this, flags);
  const { tone = false, exercise = tone } = flags;
  const options = { exercise, tone, waitMs: BOOT_MS, progress: progress.told };
  const looking = () => verifyGuest(look.host, look.uri, look.model, guest, options);
  // The guest's mixer is put back after a tone, also for who does not want to hear it to its end.
  const proofs = await (tone ? this.hold(looking) : looking());
  progress.end();
  if (forProgram(flags)) printDocument(this, flags, { schema: 'vfioctl/proof/1', guest: guest.name, proofs });
  else if (proofs.length === 0) print(this, `nothing is lent to ${harmless(guest.name)}`);
  else print(this, proofsText(proofs, styleOf(this.color), this.columns).join('\n'));
  const lifted = await brakeLift(this, flags, look, guest, proofs);
  for (const step of lifted?.steps ?? []) tell(this, `${harmless(step.text)}: ${step.result}`);
  if (lifted?.failure) tell(this, `failed: ${harmless(lifted.failure.message)}`);
  if (!forProgram(flags) && proofs.length > 0) print(this, `verify: ${WORDS[proofsVerdict(proofs)]}`);
  return lifted?.failure ? EXIT.wanting : exitOfProofs(proofs);
}

const WORDS: Readonly<Record<ReturnType<typeof proofsVerdict>, string>> = {
  proven: 'all of it is proven',
  wanting: 'it is not as it should be',
  open: 'not all of it could be seen',
};
