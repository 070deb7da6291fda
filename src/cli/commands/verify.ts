import { verifyGuest } from '../../proof/verify.ts';
import { proofsText } from '../../report/proofs.ts';
import { styleOf } from '../../report/terminal.ts';
import { type CliContext, print } from '../context.ts';
import { type ExitCode, exitOfProofs } from '../exit.ts';
import type { EventFlags } from '../flags.ts';
import { BOOT_MS, guestResolve, lookAt, VERIFY_NEEDS } from '../look.ts';
import { forProgram, printDocument, progressOf } from '../progress.ts';

interface VerifyFlags extends EventFlags {
  readonly exercise?: boolean;
  readonly tone?: boolean;
}

export async function verify(this: CliContext, flags: VerifyFlags, name: string): Promise<ExitCode> {
  const look = await lookAt(this, flags, VERIFY_NEEDS);
  const guest = guestResolve(look.model, name);
  const progress = progressOf(this, flags);
  const proofs = await verifyGuest(look.host, look.uri, look.model, guest, {
    exercise: flags.exercise === true || flags.tone === true,
    tone: flags.tone === true,
    waitMs: BOOT_MS,
    progress: progress.told,
  });
  progress.end();
  if (forProgram(flags)) printDocument(this, flags, { schema: 'vfioctl/proof/1', guest: guest.name, proofs });
  else if (proofs.length === 0) print(this, `nothing is lent to ${guest.name}`);
  else print(this, proofsText(proofs, styleOf(this.color)).join('\n'));
  return exitOfProofs(proofs);
}
