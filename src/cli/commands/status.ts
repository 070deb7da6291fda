import { brakeHeld } from '../../apply/brake.ts';
import { deadManOf } from '../../apply/dead-man.ts';
import { flightsNow } from '../../apply/flight.ts';
import { type Run, runStatus } from '../../apply/journal.ts';
import { driverIsVfio } from '../../facts/driver.ts';
import type { Need } from '../../facts/snapshot.ts';
import { guestWord } from '../../findings/subject.ts';
import type { Host } from '../../host/host.ts';
import { addressShort } from '../../model/address.ts';
import type { GuestModel } from '../../model/guest.ts';
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
import { runsKnown, runsUnreadable } from '../open-runs.ts';

const NEEDS: readonly Need[] = ['cpu', 'kernel', 'iommu', 'functions', 'groups', 'vfio', 'libvirt'];

/** Exit 0 when the host is ready and nothing is odd, else 7. */
export async function status(
  this: CliContext,
  flags: LookFlags & { readonly stateDir?: string },
): Promise<ExitCode> {
  const look = await lookAt(this, flags, NEEDS);
  const readiness = readinessOf(look.model);
  const known = await runsKnown(look.host, stateDirOf(flags));
  const runs = known?.flatMap((run) => pendingRun(look.host, run)) ?? null;
  const flights = await flightsNow(look.host, known ?? []);
  const odd = [
    ...oddities(look.model, runs),
    ...flights.map((flight) => flight.text),
    ...(known ? await runsUnreadable(look.host, stateDirOf(flags)) : []),
  ];
  const stuck = flights.find((flight) => flight.stuck)?.run.number;
  const braked = look.model.guests.filter(
    (guest) => !guest.fact.autostart && brakeHeld(known ?? [], guest.uuid) !== null,
  );
  const next =
    stuck === undefined
      ? nextCommand(look.model, readiness, odd, runs, braked)
      : `reboot, then vfioctl undo ${stuck}`;
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
      braked: braked.map(({ name }) => name),
      odd,
      runs,
      next,
    };
    printJson(this, document);
  } else {
    const style = styleOf(this.color);
    print(this, `${ready ? style.good('ready') : style.bad(readiness.verdict)}: ${harmless(readiness.why)}`);
    const rows = look.model.lends.map((l) => [
      `  ${addressShort(l.address)}`,
      l.guest.name,
      lendWords(l),
      driverOf(look.model, l) ?? '-',
      nameOf(look, l),
    ]);
    print(this, rows.length === 0 ? 'nothing is lent' : ['lent:', ...table(rows, this.columns)].join('\n'));
    for (const { name } of braked)
      print(this, `autostart of ${harmless(name)} is off until all that is lent to it has been proven`);
    for (const text of odd) print(this, style.warn(`odd: ${harmless(text)}`));
    print(this, `next: ${harmless(next)}`);
  }
  return ready && odd.length === 0 ? EXIT.done : EXIT.wanting;
}

/** A run that is not at its end, or that would not stay. */
function pendingRun(host: Host, run: Run): PendingRun[] {
  const { number, head } = run;
  const status = runStatus(run);
  const armed = deadManOf(host, run);
  const pending = { run: number, verb: head.plan.verb };
  if (armed && status === 'done') {
    return [{ ...pending, ...(armed.lost ? { status: 'unkept' } : { status: 'armed', due: armed.due }) }];
  }
  return status === 'done' || status === 'undone' ? [] : [{ ...pending, status }];
}

function pendingWords({ run, status, due }: PendingRun): string {
  if (status === 'armed')
    return `is taken back at ${due?.slice(11, 19)} UTC unless you say: vfioctl keep ${run}`;
  if (status === 'unkept')
    return `was not kept before the machine went down; to let it stay: vfioctl keep ${run}`;
  return PENDING[status];
}

const PENDING = {
  open: 'has not come to its end',
  partial: 'is not all undone',
  unknown: 'has an unknown outcome',
  waiting: 'waits for a reboot; once that has come: vfioctl prepare',
};

function oddities(model: HostModel, runs: readonly PendingRun[] | null): string[] {
  const odd = (runs ?? []).map((r) => `run ${r.run} (${r.verb}) ${pendingWords(r)}`);
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
  braked: readonly GuestModel[],
): string {
  const pending = runs?.at(-1);
  if (pending?.status === 'waiting') {
    return readiness.verdict === 'ready'
      ? 'vfioctl prepare'
      : `reboot, then vfioctl prepare; or take it back: vfioctl undo ${pending.run}`;
  }
  if (pending?.status === 'armed') return `vfioctl keep ${pending.run}`;
  if (pending) return `vfioctl undo ${pending.run}`;
  if (readiness.argument !== null) return 'vfioctl prepare';
  if (readiness.verdict !== 'ready') return 'vfioctl doctor';
  const orphan = [...model.functions.values()].find(
    (f) => f.driver !== null && driverIsVfio(f.driver) && !model.lends.some((l) => l.address === f.address),
  );
  if (orphan && odd.length > 0) return `vfioctl release ${addressShort(orphan.address)}`;
  if (braked[0]) {
    const word = guestWord(braked[0]);
    return `${braked[0].active ? '' : `virsh start ${word}, then `}vfioctl verify ${word} --exercise`;
  }
  const running = model.lends.find((l) => l.live);
  if (running) return `vfioctl verify ${guestWord(running.guest)}`;
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
