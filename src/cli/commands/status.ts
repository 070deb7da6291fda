import { runStatus, runsRead } from '../../apply/journal.ts';
import { driverIsVfio } from '../../facts/driver.ts';
import type { Need } from '../../facts/snapshot.ts';
import { Failure } from '../../failure.ts';
import { addressShort } from '../../model/address.ts';
import { lendsMoved } from '../../model/identity.ts';
import type { HostModel, Lend } from '../../model/model.ts';
import { type Readiness, readinessOf } from '../../plan/prepare.ts';
import type { PendingRun, StatusDocument } from '../../report/documents.ts';
import { table } from '../../report/table.ts';
import { harmless, styleOf } from '../../report/terminal.ts';
import { type CliContext, print, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type LookFlags, stateDirOf } from '../flags.ts';
import { type Look, lookAt } from '../look.ts';

const NEEDS: readonly Need[] = ['cpu', 'kernel', 'iommu', 'functions', 'groups', 'vfio', 'libvirt'];

/** Exit 0 when the host is ready and nothing is odd, else 7. */
export async function status(
  this: CliContext,
  flags: LookFlags & { readonly stateDir?: string },
): Promise<ExitCode> {
  const look = await lookAt(this, flags, NEEDS);
  const readiness = readinessOf(look.model);
  const runs = await pendingRuns(look, stateDirOf(flags));
  const odd = oddities(look.model, runs);
  const next = nextCommand(look.model, readiness, odd, runs);
  const ready = readiness.verdict === 'ready';
  if (flags.json) {
    const document: StatusDocument = {
      schema: 'vfioctl/status/1',
      readiness,
      lends: look.model.lends.map((l) => ({
        address: l.address,
        name: nameOf(look, l),
        guest: l.guest.name,
        configured: l.configured,
        live: l.live,
        ours: l.ours,
        managed: l.managed,
        driver: driverOf(look.model, l),
      })),
      odd,
      runs,
      next,
    };
    printJson(this, document);
  } else {
    const style = styleOf(this.color);
    print(this, `${ready ? style.good('ready') : style.bad(readiness.verdict)}: ${readiness.why}`);
    const rows = look.model.lends.map((l) => [
      `  ${addressShort(l.address)}`,
      harmless(l.guest.name),
      lendWords(l),
      driverOf(look.model, l) ?? '-',
      harmless(nameOf(look, l)),
    ]);
    print(this, rows.length === 0 ? 'nothing is lent' : ['lent:', ...table(rows)].join('\n'));
    for (const text of odd) print(this, style.warn(`odd: ${harmless(text)}`));
    print(this, `next: ${next}`);
  }
  return ready && odd.length === 0 ? EXIT.done : EXIT.wanting;
}

/** Runs that are not at their end. A journal that this user may not read is said to be so, not taken for empty. */
async function pendingRuns(look: Look, stateDir: string): Promise<PendingRun[] | null> {
  if (look.host.origin.kind === 'capture' || look.host.origin.kind === 'root') return [];
  try {
    const pending: PendingRun[] = [];
    for (const run of await runsRead(look.host, stateDir)) {
      const status = runStatus(run);
      if (status !== 'done' && status !== 'undone') {
        pending.push({ run: run.number, verb: run.head.plan.verb, status });
      }
    }
    return pending;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

function oddities(model: HostModel, runs: readonly PendingRun[] | null): string[] {
  const odd = (runs ?? []).map((r) => `run ${r.run} (${r.verb}) is ${r.status}`);
  if (runs === null) odd.push('the journal cannot be read by this user');
  if (model.snapshot.libvirt === undefined) {
    const gap = model.snapshot.gaps.find((g) => g.fact === 'libvirt');
    odd.push(`libvirt does not answer: ${gap?.why ?? 'not asked'}`);
  } else {
    const lent = new Set(model.lends.map((l) => l.address));
    for (const fn of model.functions.values()) {
      if (fn.driver !== null && driverIsVfio(fn.driver) && !lent.has(fn.address)) {
        odd.push(`${addressShort(fn.address)} is on ${fn.driver} and no guest has it`);
      }
    }
  }
  for (const lend of model.lends) {
    if (!model.functions.has(lend.address))
      odd.push(
        `${addressShort(lend.address)} is lent to ${lend.guest.name}, and this host has no such function`,
      );
  }
  return [...odd, ...lendsMoved(model)];
}

function nextCommand(
  model: HostModel,
  readiness: Readiness,
  odd: readonly string[],
  runs: readonly PendingRun[] | null,
): string {
  const pending = runs?.at(-1);
  if (pending?.status === 'waiting') {
    return readiness.verdict === 'ready'
      ? 'vfioctl prepare'
      : `reboot, then vfioctl prepare; or take it back: vfioctl undo ${pending.run}`;
  }
  if (pending) return `vfioctl undo ${pending.run}`;
  if (readiness.argument !== null) return 'vfioctl prepare';
  if (readiness.verdict !== 'ready') return 'vfioctl doctor';
  const orphan = [...model.functions.values()].find(
    (f) => f.driver !== null && driverIsVfio(f.driver) && !model.lends.some((l) => l.address === f.address),
  );
  if (orphan && odd.length > 0) return `vfioctl release ${addressShort(orphan.address)}`;
  const running = model.lends.find((l) => l.live);
  if (running) return `vfioctl verify ${running.guest.name}`;
  return 'vfioctl list';
}

function lendWords(lend: Lend): string {
  const when = lend.live
    ? lend.configured
      ? 'running'
      : 'until it stops'
    : lend.guest.active
      ? 'from its next start'
      : 'off';
  return `${when}, ${lend.ours ? 'by vfioctl' : 'by hand'}`;
}

function driverOf(model: HostModel, lend: Lend): string | null {
  return model.functions.get(lend.address)?.driver ?? null;
}

function nameOf(look: Look, lend: Lend): string {
  const fn = look.model.functions.get(lend.address);
  return fn ? look.name(fn) : 'no such function here';
}
