import { brakeHeld } from '../../apply/brake.ts';
import { driverIsVfio, driverOf } from '../../facts/driver.ts';
import type { Need } from '../../facts/snapshot.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import { addressShort } from '../../model/address.ts';
import type { GuestModel } from '../../model/guest.ts';
import type { HostModel } from '../../model/model.ts';
import { selectorResolve } from '../../model/selector.ts';
import { planRelease } from '../../plan/release.ts';
import type { Proof } from '../../proof/proof.ts';
import { changeRun, type Proposal, runPrint } from '../change.ts';
import type { CliContext } from '../context.ts';
import { type ExitCode, exitOfRun } from '../exit.ts';
import { type LendFlags, stateDirOf } from '../flags.ts';
import { keepSettle } from '../keeping.ts';
import { guestResolve, libvirtMissing, lookAt } from '../look.ts';
import { runsKnown } from '../open-runs.ts';

interface ReleaseFlags extends Omit<LendFlags, 'accept'> {
  readonly from?: string;
  readonly stop?: boolean;
  readonly live?: boolean;
}

const NEEDS: readonly Need[] = ['functions', 'groups', 'libvirt'];

export async function release(
  this: CliContext,
  flags: ReleaseFlags,
  ...devices: string[]
): Promise<ExitCode> {
  const look = await lookAt(this, flags, NEEDS);
  if (look.model.snapshot.libvirt === undefined) throw libvirtMissing(look.model);
  const functions = [
    ...new Set(devices.flatMap((d) => selectorResolve(look.model, d, look.name)).map((f) => f.address)),
  ];
  const from = flags.from === undefined ? null : guestResolve(look.model, flags.from).uuid;
  const stateDir = stateDirOf(flags);
  let model: HostModel | null = look.model;

  const propose = async (): Promise<Proposal> => {
    const now = model ?? (await look.again());
    model = null;
    const guest = lender(now, functions, from);
    const runs = (await runsKnown(look.host, stateDir)) ?? [];
    const braked = guest === null ? null : (brakeHeld(runs, guest.uuid)?.functions ?? null);
    const { stop = false, live = false } = flags;
    return { plan: planRelease(now, { functions, guest, stop, live, braked }), findings: [] };
  };

  let report = await changeRun(this, flags, look.host, look.uri, propose);
  if (report.status === 'done') report = { ...report, proofs: functions.map((a) => returned(look.host, a)) };
  report = await keepSettle(look.host, stateDir, report);
  runPrint(this, flags, report);
  return exitOfRun(report);
}

/** The one guest that has them. Functions of two guests are released one guest at a time. */
function lender(model: HostModel, functions: readonly string[], from: string | null): GuestModel | null {
  const lends = model.lends.filter(
    (l) => functions.includes(l.address) && (from === null || l.guest.uuid === from),
  );
  const guests = [...new Set(lends.map((l) => l.guest))];
  if (from !== null && guests.length === 0) {
    const guest = guestResolve(model, from);
    throw new Failure(
      'not-found',
      `${guest.name} has none of ${functions.map(addressShort).join(', ')}`,
      'vfioctl status shows who has what',
    );
  }
  // A function may stand in the definitions of several guests; the one that runs with it is the one that has it.
  const live = [...new Set(lends.filter((l) => l.live).map((l) => l.guest))];
  const candidates = live.length > 0 ? live : guests;
  if (candidates.length > 1) {
    throw new Failure(
      'ambiguous',
      `${candidates.map((g) => g.name).join(' and ')} have them`,
      'name one with --from GUEST',
    );
  }
  return candidates[0] ?? null;
}

/** Read back, not assumed: which driver has it now. */
function returned(host: Host, address: string): Proof {
  const driver = driverOf(host, address);
  const back = driver !== null && !driverIsVfio(driver);
  return {
    name: 'returned',
    subject: address,
    state: back ? 'proven' : 'disproven',
    why: back ? `the host has it again, on ${driver}` : `it has ${driver ?? 'no driver'}`,
    evidence: [{ source: `/sys/bus/pci/devices/${address}/driver`, line: null, text: driver ?? 'no link' }],
  };
}
