import { Failure } from '../../failure.ts';
import { findingsOf, needsOf, rules } from '../../findings/index.ts';
import { refusalsOf } from '../../findings/refusal.ts';
import { guestAddressFree } from '../../model/guest.ts';
import { groupMates, type HostModel } from '../../model/model.ts';
import { selectorResolve } from '../../model/selector.ts';
import { planAssign } from '../../plan/assign.ts';
import { verifyGuest } from '../../proof/verify.ts';
import { changeRun, type Proposal, runPrint } from '../change.ts';
import type { CliContext } from '../context.ts';
import { type ExitCode, exitOfRun } from '../exit.ts';
import type { ChangeFlags } from '../flags.ts';
import { BOOT_MS, guestResolve, lookAt, VERIFY_NEEDS } from '../look.ts';
import { progressOf } from '../progress.ts';

interface AssignFlags extends ChangeFlags {
  readonly start?: boolean;
  readonly live?: boolean;
  readonly withGroup?: boolean;
  readonly slot?: string;
}

export async function assign(this: CliContext, flags: AssignFlags, ...words: string[]): Promise<ExitCode> {
  const devices = words.slice(0, -1);
  const guestName = words.at(-1)!;
  const look = await lookAt(this, flags, [...needsOf(rules), ...VERIFY_NEEDS]);
  const chosen = [
    ...new Set(devices.flatMap((d) => selectorResolve(look.model, d, look.name)).map((f) => f.address)),
  ];
  const uuid = guestResolve(look.model, guestName).uuid;
  let model: HostModel | null = look.model;

  const propose = async (): Promise<Proposal> => {
    const now = model ?? (await look.again());
    model = null;
    const guest = guestResolve(now, uuid);
    const functions = flags.withGroup ? withMates(now, chosen) : chosen;
    const slot = flags.slot === undefined ? null : slotOf(guestAddressFree(guest, flags.slot));
    const findings = findingsOf(now, { functions, guest: uuid, slot: flags.slot ?? null });
    const refusals = refusalsOf(findings);
    const warnings = findings.filter((f) => f.state === 'found' && f.severity === 'warning');
    const intent = { functions, guest, start: flags.start === true, live: flags.live === true, slot };
    return { plan: planAssign(now, intent), refusals, warnings };
  };

  let report = await changeRun(this, flags, look.host, look.uri, propose);
  if (report.status === 'done' || report.status === 'nothing') {
    const after = await look.again();
    const guest = guestResolve(after, uuid);
    if (guest.active && (flags.start || flags.live)) {
      const progress = progressOf(this, flags);
      // Started or plugged to be proven: silence to the card does no harm, and an idle card proves nothing.
      const options = {
        exercise: true,
        tone: false,
        waitMs: BOOT_MS,
        addresses: report.functions,
        progress: progress.told,
      };
      report = { ...report, proofs: await verifyGuest(look.host, look.uri, after, guest, options) };
      progress.end();
    }
  }
  runPrint(this, flags, report);
  return exitOfRun(report);
}

function withMates(model: HostModel, chosen: readonly string[]): string[] {
  return [...new Set(chosen.flatMap((a) => [a, ...(groupMates(model, a) ?? []).map((m) => m.address)]))];
}

function slotOf(answer: ReturnType<typeof guestAddressFree>): string {
  if (answer instanceof Failure) throw answer;
  return answer.address;
}
