import { Failure } from '../failure.ts';
import { addressFormat, addressShort, hex } from './address.ts';
import type { GuestModel } from './guest.ts';

/** A place in the guest that a device can have. */
export interface GuestAddress {
  /** `dddd:bb:ss.f` */
  readonly address: string;
  /** How many PCI controllers libvirt will add to the definition so that the bus exists. */
  readonly controllers: number;
}

/** First and last slot of the bus that a controller makes (libvirt's virDomainPCIAddressBusSetModel). */
const SLOTS: Readonly<Record<string, readonly [number, number]>> = {
  'pci-root': [1, 31],
  'pci-bridge': [1, 31],
  'pcie-to-pci-bridge': [1, 31],
  'pcie-root': [1, 31],
  'dmi-to-pci-bridge': [0, 31],
  'pcie-root-port': [0, 0],
  'pcie-switch-downstream-port': [0, 0],
};

const TEXT = /^(?:(?:([0-9a-f]{4,8}):)?([0-9a-f]{1,2}):)?(?:0x)?([0-9a-f]{1,2})(?:\.([0-9a-f]))?$/i;

/**
 * Reads the argument of --slot, always hexadecimal: `0000:07:00.0`, `07:00.0`, `07:00` (function 0), or `1b` and
 * `0x1b` (slot 1b of bus 0); and says whether the guest's definition has that place free. A bus that is not there is
 * no obstacle: libvirt adds controllers up to it. Returns Failure `usage` or `refused` with the reason.
 */
export function guestAddressFree(guest: GuestModel, text: string): GuestAddress | Failure {
  const match = TEXT.exec(text);
  if (!match) {
    return new Failure(
      'usage',
      `--slot ${text} is no address in the guest`,
      'write it as bus:slot.function, as in 07:00.0',
    );
  }
  const [domain, bus, slot, fn] = [match[1], match[2], match[3], match[4]].map((part) =>
    Number.parseInt(part ?? '0', 16),
  ) as [number, number, number, number];
  if (slot > 0x1f) return refused(text, 'a bus has slots 00 to 1f, in hexadecimal');
  if (fn > 7) return refused(text, 'a slot has functions 0 to 7');
  if (domain !== 0) return refused(text, 'only PCI domain 0 is available in a guest');
  const root = guest.controllers.find((c) => c.index === 0);
  if (!root) return refused(text, `${guest.name} has no PCI bus in its definition`);
  const model = guest.controllers.find((c) => c.index === bus)?.model;
  // What libvirt adds for a bus that is missing depends on the root (qemuDomainAssignPCIAddresses).
  const added = root.model === 'pcie-root' ? 'pcie-root-port' : 'pci-bridge';
  const kind = model ?? added;
  const slots = Object.hasOwn(SLOTS, kind) ? SLOTS[kind] : undefined;
  if (!slots) return refused(text, `bus ${hex(bus, 2)} is made by a ${kind}, which takes no such device`);
  // 0000:00:00.0 is worse than refused: libvirt reads it as no address at all and takes another.
  if (slot < slots[0] || slot > slots[1]) {
    return refused(
      text,
      `bus ${hex(bus, 2)} (${kind}) has ${slots[0] === slots[1] ? 'only slot 00' : `slots ${hex(slots[0], 2)} to ${hex(slots[1], 2)}`}`,
    );
  }
  const address = addressFormat({ domain, bus, slot, function: fn });
  const holder = guest.taken.get(address);
  if (holder !== undefined) return refused(text, `${addressShort(address)} is taken by ${holder}`);
  if (fn > 0 && !guest.taken.has(addressFormat({ domain, bus, slot, function: 0 }))) {
    return refused(text, `a guest looks at function ${fn} of a slot only where there is a function 0`);
  }
  // libvirt fills the numbers up to the bus without a gap.
  const missing = bus - guest.controllers.filter((c) => c.index > 0 && c.index <= bus).length;
  return { address, controllers: missing };
}

function refused(text: string, reason: string): Failure {
  return new Failure(
    'refused',
    `--slot ${text}: ${reason}`,
    'choose another, or leave out --slot and libvirt chooses',
  );
}
