/** What the guest shows of a lend, whatever its class: the function, its driver, its interrupts. */
import type { PciFunction } from '../facts/snapshot.ts';
import { evidence } from '../findings/rule.ts';
import { addressParse } from '../model/address.ts';
import type { Lend } from '../model/model.ts';
import { type Exercise, type InterruptReadings, interruptsCount, interruptsVerdict } from './interrupts.ts';
import type { Proof } from './proof.ts';
import { disproven, notObservable, proven } from './verdict.ts';
import { GuestSilent, type GuestView, guestFiles, guestNames } from './view.ts';

/** A PCI function as the guest numbers it. Ids and class without `0x`, as in the snapshot. */
export interface GuestFunction {
  readonly address: string;
  readonly vendor: string;
  readonly device: string;
  readonly class: string;
  /** As the guest's sysfs says it; 0 is none. */
  readonly irq: number;
}

const DEVICES = '/sys/bus/pci/devices';
const ATTRIBUTES = ['vendor', 'device', 'class', 'irq'] as const;

export async function guestFunctions(view: GuestView): Promise<GuestFunction[]> {
  const addresses = (await guestNames(view, DEVICES))?.filter((name) => addressParse(name) !== null);
  if (!addresses) throw new GuestSilent(`${view.name} shows no ${DEVICES}: it is no Linux, or has no PCI`);
  const files = await guestFiles(
    view,
    addresses.flatMap((address) => ATTRIBUTES.map((name) => `${DEVICES}/${address}/${name}`)),
  );
  return addresses.map((address) => {
    const read = (name: string): string =>
      (files.get(`${DEVICES}/${address}/${name}`) ?? '').replace(/^0x/, '');
    return {
      address,
      vendor: read('vendor'),
      device: read('device'),
      class: read('class'),
      irq: Number(read('irq')),
    };
  });
}

/** The lent function among those of the guest, by its ids and by where libvirt put it. */
export function guestFunctionOf(
  fn: PciFunction,
  lend: Lend,
  functions: readonly GuestFunction[],
  taken: ReadonlySet<string>,
): GuestFunction | null {
  const at = lend.guest.liveHostdevs.find((hostdev) => hostdev.source === fn.address)?.guestAddress ?? null;
  const same = functions.filter(
    (f) => sameFunction(fn, f) && !taken.has(f.address) && sameSlot(f.address, at),
  );
  return same.find((f) => f.address === at) ?? same[0] ?? null;
}

function sameFunction(fn: PciFunction, inGuest: GuestFunction): boolean {
  return (
    inGuest.vendor === fn.vendor &&
    inGuest.device === fn.device &&
    inGuest.class.slice(0, 4) === fn.class.slice(0, 4)
  );
}

/**
 * Slot and function are wired: QEMU puts the function where libvirt says. The bus is a number that the guest's
 * firmware gives, and libvirt's is the index of its controller; they often agree, and need not.
 */
function sameSlot(address: string, at: string | null): boolean {
  return at === null || address.slice(-4) === at.slice(-4);
}

export function guestDeviceProof(
  view: GuestView,
  fn: PciFunction,
  seen: GuestFunction | null,
  functions: readonly GuestFunction[],
  taken: ReadonlySet<string>,
): Proof {
  const ids = `${fn.vendor}:${fn.device}`;
  if (seen) {
    return proven('guest-device', fn.address, `${ids} is there as ${seen.address}`, [
      evidence(`${view.name}:${DEVICES}/${seen.address}`, `${ids} class ${seen.class}`),
    ]);
  }
  const same = functions.filter((f) => sameFunction(fn, f));
  const elsewhere = same.find((f) => !taken.has(f.address));
  const why = elsewhere
    ? `the guest has ${ids} only as ${elsewhere.address}, which is not where libvirt put this one`
    : `the guest lists no ${same.length > 0 ? 'other ' : ''}${ids} of class ${fn.class.slice(0, 4)}`;
  return disproven(
    'guest-device',
    fn.address,
    why,
    functions.map((f) =>
      evidence(`${view.name}:${DEVICES}/${f.address}`, `${f.vendor}:${f.device} class ${f.class}`),
    ),
  );
}

/** The driver that the guest has bound to one of its functions. */
export async function guestDriver(view: GuestView, address: string): Promise<string | null> {
  const { code, stdout } = await view.run(['readlink', `${DEVICES}/${address}/driver`]);
  return code === 0 ? (stdout.trim().split('/').at(-1) ?? null) : null;
}

export function guestDriverProof(
  view: GuestView,
  subject: string,
  address: string,
  driver: string | null,
): Proof {
  const seen = [evidence(`${view.name}:${DEVICES}/${address}/driver`, driver ?? '(none)')];
  return driver === null
    ? disproven('guest-driver', subject, `no driver of the guest has taken ${address}`, seen)
    : proven('guest-driver', subject, `${driver} drives ${address}`, seen);
}

export async function guestInterrupts(view: GuestView): Promise<string> {
  const { stdout } = await view.run(['cat', '/proc/interrupts']);
  return stdout;
}

/** The numbers on which the function interrupts the guest: its messages where it uses them, else its wire. */
export async function guestIrqs(view: GuestView, fn: GuestFunction): Promise<string[]> {
  const messages = await guestNames(view, `${DEVICES}/${fn.address}/msi_irqs`);
  if (messages !== null && messages.length > 0) return messages;
  return fn.irq > 0 ? [String(fn.irq)] : [];
}

export function guestInterruptsProof(
  view: GuestView,
  subject: string,
  irqs: readonly string[],
  driver: string,
  readings: InterruptReadings,
  exercise: Exercise,
): Proof {
  const name = 'guest-interrupts';
  const count = interruptsCount(
    readings,
    (line) => irqs.includes(line.irq),
    (handler) => handler.startsWith(driver),
  );
  const seen = count.lines.map((line) => evidence(`${view.name}:/proc/interrupts`, line.text));
  const idle = exercise.done ? '' : `: ${exercise.why}`;
  switch (interruptsVerdict(count, exercise, true)) {
    case 'alive': {
      const rose = count.end - count.start;
      const why =
        rose > 0 ? `rose by ${rose} while we looked` : `counted ${count.end} since the guest started`;
      return proven(name, subject, why, seen);
    }
    case 'flat':
      return disproven(name, subject, `stood at ${count.end} while the function worked`, seen);
    case 'unknown':
      return count.others.length > 0
        ? notObservable(name, subject, `the line is shared with ${count.others.join(', ')}${idle}`, seen)
        : notObservable(name, subject, `none counted yet${idle}`, seen);
  }
}
