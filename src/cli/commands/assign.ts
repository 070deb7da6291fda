import { brakeHeld } from '../../apply/brake.ts';
import type { RunReport } from '../../apply/report.ts';
import { Failure } from '../../failure.ts';
import { findingsOf, needsOf, rules } from '../../findings/index.ts';
import { matesAlong } from '../../findings/rules/group-mates.ts';
import { guestAddressFree } from '../../model/guest.ts';
import type { HostModel } from '../../model/model.ts';
import { selectorResolve } from '../../model/selector.ts';
import { planAssign } from '../../plan/assign.ts';
import { notObservable } from '../../proof/verdict.ts';
import { changeRun, type Proposal, runPrint } from '../change.ts';
import type { CliContext } from '../context.ts';
import { type ExitCode, exitOfRun } from '../exit.ts';
import { type LendFlags, stateDirOf } from '../flags.ts';
import { keepSettle } from '../keeping.ts';
import { guestResolve, type Look, lookAt, VERIFY_NEEDS } from '../look.ts';
import { runsKnown } from '../open-runs.ts';
import { brakeLift, guestProve } from '../proving.ts';

interface AssignFlags extends LendFlags {
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
  const stateDir = stateDirOf(flags);
  let model: HostModel | null = look.model;

  const propose = async (): Promise<Proposal> => {
    const now = model ?? (await look.again());
    model = null;
    const guest = guestResolve(now, uuid);
    const functions = flags.withGroup ? withMates(now, chosen) : chosen;
    const slot = flags.slot === undefined ? null : slotOf(guestAddressFree(guest, flags.slot));
    const { start = false, live = false } = flags;
    const findings = findingsOf(now, { functions, guest: uuid, slot: flags.slot ?? null, start });
    const runs = (await runsKnown(look.host, stateDir)) ?? [];
    const first = !runs.some((r) => r.head.plan.verb === 'assign');
    return { plan: planAssign(now, { functions, guest, start, live, slot, first }), findings };
  };

  let report = await changeRun(this, flags, look.host, look.uri, propose);
  const stands = report.status === 'done' || report.status === 'nothing';
  if (stands && (flags.start || flags.live)) {
    const done = report;
    report = await proved(this, flags, look, uuid, done).catch((error) => unproven(done, error));
  }
  report = await keepSettle(look.host, stateDir, report);
  runPrint(this, flags, report);
  return exitOfRun(report);
}

/** Looks from both sides; a guest that has not started with the host since its new lend may do so again then. */
async function proved(
  context: CliContext,
  flags: AssignFlags,
  look: Look,
  uuid: string,
  report: RunReport,
): Promise<RunReport> {
  const model = await look.again();
  const guest = guestResolve(model, uuid);
  if (!guest.active) return report;
  const runs = (await runsKnown(look.host, stateDirOf(flags))) ?? [];
  const braked = brakeHeld(runs, uuid) !== null;
  const asked = report.functions;
  // The brake is on the guest as it starts: all that is lent to it must be seen then.
  const all = model.lends.filter((l) => l.guest === guest).map((l) => l.address);
  const proofs = await guestProve(context, flags, { ...look, model }, guest, braked ? all : asked);
  const shown = { ...report, proofs: proofs.filter((p) => p.subject === null || asked.includes(p.subject)) };
  const lifted = await brakeLift(context, flags, look, guest, proofs);
  return lifted === null
    ? shown
    : { ...shown, steps: [...shown.steps, ...lifted.steps], failure: lifted.failure };
}

/** It is done, whatever became of looking at it. */
function unproven(done: RunReport, error: unknown): RunReport {
  if (!(error instanceof Failure)) throw error;
  return { ...done, proofs: done.functions.map((a) => notObservable('proof', a, error.message)) };
}

function withMates(model: HostModel, chosen: readonly string[]): string[] {
  return [...new Set(chosen.flatMap((a) => [a, ...matesAlong(model, a).map((m) => m.address)]))];
}

function slotOf(answer: ReturnType<typeof guestAddressFree>): string {
  if (answer instanceof Failure) throw answer;
  return answer.address;
}
