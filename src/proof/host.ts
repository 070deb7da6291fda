/** What the host shows of a lend: who drives the function, who holds it, and whether its interrupts arrive. */
import { driverIsVfio, driverOf } from '../facts/driver.ts';
import { factOf } from '../facts/gap.ts';
import { evidence } from '../findings/rule.ts';
import type { Host } from '../host/host.ts';
import { value } from '../host/host.ts';
import { addressShort } from '../model/address.ts';
import type { HostModel, Lend } from '../model/model.ts';
import { type Exercise, type InterruptReadings, interruptsCount, interruptsVerdict } from './interrupts.ts';
import type { Proof } from './proof.ts';
import { disproven, notObservable, proven } from './verdict.ts';

export const hostProofs = ['driver', 'held', 'interrupts'] as const;

const sysfs = (address: string): string => `/sys/bus/pci/devices/${address}`;

export function driverProof(host: Host, address: string): Proof {
  if (!host.exists(sysfs(address))) {
    return disproven('driver', address, `${addressShort(address)} is not on this host any more`);
  }
  const driver = driverOf(host, address);
  const seen = [evidence(`${sysfs(address)}/driver`, driver ?? '(none)')];
  if (driver === null) return disproven('driver', address, 'no driver holds it; vfio-pci should', seen);
  return driverIsVfio(driver)
    ? proven('driver', address, `held by ${driver}`, seen)
    : disproven('driver', address, `held by ${driver}; vfio-pci should hold it`, seen);
}

/** The guest's QEMU has the function's group open, or its own node where iommufd is used. */
export function heldProof(host: Host, model: HostModel, lend: Lend): Proof {
  const { guest, address } = lend;
  const fact = factOf(model.snapshot, 'libvirt.guests.vfioNodes', guest.uuid, guest.fact.vfioNodes);
  if (fact.state !== 'read') {
    const why = fact.state === 'unread' ? fact.gap.why : 'its QEMU is not to be seen';
    return notObservable('held', address, `what QEMU of ${guest.name} holds open is unknown (${why})`);
  }
  const group = model.functions.get(address)?.group ?? null;
  const nodes = [
    ...(group === null ? [] : [`/dev/vfio/${group}`, `/dev/vfio/noiommu-${group}`]),
    ...(value(host.list(`${sysfs(address)}/vfio-dev`)) ?? []).map((name) => `/dev/vfio/devices/${name}`),
  ];
  const source = `/proc/${guest.fact.pid ?? 'PID'}/fd`;
  const open = fact.value.find((node) => nodes.includes(node));
  if (open !== undefined) {
    return proven('held', address, `QEMU of ${guest.name} holds ${open}`, [evidence(source, open)]);
  }
  const has = fact.value.join(', ') || 'no vfio node';
  return disproven('held', address, `QEMU of ${guest.name} holds ${has}, and not ${nodes.join(' or ')}`, [
    evidence(source, has),
  ]);
}

/** The count of vfio's own handlers: `vfio-msi[0](0000:01:00.0)`, `vfio-msix[3](…)`, `vfio-intx(…)`. */
export function interruptsProof(
  host: Host,
  address: string,
  readings: InterruptReadings | null,
  exercise: Exercise,
): Proof {
  if (!readings) return notObservable('interrupts', address, '/proc/interrupts could not be read');
  const own = (name: string): boolean => name.startsWith('vfio-') && name.endsWith(`(${address})`);
  const count = interruptsCount(readings, (line) => line.names.some(own), own);
  const seen = count.lines.map((line) => evidence('/proc/interrupts', line.text));
  // A message-signalled line is made anew for each guest; INTx is a wire of the board, and counts since boot.
  const messages = count.lines.length > 0 && count.lines.every((line) => !line.text.includes('vfio-intx('));
  const verdict = interruptsVerdict(count, exercise, messages);
  if (verdict === 'alive') {
    const rose = count.end - count.start;
    const why =
      rose > 0 ? `rose by ${rose} while we looked` : `counted ${count.end} since the guest set them up`;
    return proven('interrupts', address, why, seen);
  }
  if (messages && interruptsPosted(host)) {
    const why = "flat, but this host may post interrupts past its own count: the guest's count is the proof";
    return notObservable('interrupts', address, why, seen);
  }
  if (verdict === 'flat') {
    const why =
      count.lines.length === 0
        ? 'the function worked in the guest, and vfio has no interrupt set up for it'
        : `stood at ${count.end} while the function worked in the guest`;
    return disproven('interrupts', address, why, seen);
  }
  return notObservable('interrupts', address, unknownWhy(count.lines.length, count.others, exercise), seen);
}

function unknownWhy(lines: number, others: readonly string[], exercise: Exercise): string {
  const idle = exercise.done ? '' : `: ${exercise.why}`;
  if (lines === 0) return `no interrupt is set up yet${idle}`;
  return others.length > 0 ? `the line is shared with ${others.join(', ')}${idle}` : `flat${idle}`;
}

/**
 * May this host deliver a guest's interrupts without counting them: VT-d posted interrupts (capability bit 59) with
 * APIC virtualization, or AMD's AVIC.
 */
function interruptsPosted(host: Host): boolean {
  const on = (path: string): boolean => /^[Y1]/.test(value(host.read(path)) ?? '');
  if (on('/sys/module/kvm_amd/parameters/avic')) return true;
  if (!on('/sys/module/kvm_intel/parameters/enable_apicv')) return false;
  return (value(host.list('/sys/class/iommu')) ?? []).some((unit) => {
    const capability = value(host.read(`/sys/class/iommu/${unit}/intel-iommu/cap`))?.trim() ?? '';
    return /^[0-9a-f]+$/i.test(capability) && ((BigInt(`0x${capability}`) >> 59n) & 1n) === 1n;
  });
}
