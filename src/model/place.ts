import { Failure } from '../failure.ts';
import { addressDevice, addressFormat, addressParse, addressShort, hex } from './address.ts';
import type { GuestModel } from './guest.ts';

/** Where a function shall stand in the guest; only said where libvirt's own choice would not do. */
export interface Place {
  readonly guestAddress: string;
  readonly multifunction: boolean;
}

/**
 * Places for functions that are new to the guest. All functions of one device go to one slot with their numbers kept,
 * for drivers expect them there; a single function is left to libvirt, unless a slot was asked for.
 */
export function guestPlaces(
  guest: GuestModel,
  functions: readonly string[],
  slot: string | null,
): Map<string, Place> {
  const devices = new Map<string, string[]>();
  for (const address of functions) {
    const device = addressDevice(address);
    devices.set(device, [...(devices.get(device) ?? []), address]);
  }
  if (slot !== null && devices.size > 1) {
    throw new Failure(
      'usage',
      `--slot ${slot} is one slot, and ${devices.size} devices were named`,
      'lend them one by one',
    );
  }
  const places = new Map<string, Place>();
  const reserved = new Set<string>();
  for (const members of devices.values()) {
    if (members.length === 1) {
      if (slot !== null) places.set(members[0]!, { guestAddress: slot, multifunction: false });
      continue;
    }
    // A guest only looks for further functions behind a function 0 (PCI Local Bus Specification 3.0, 3.2.2.3.4).
    if (!members.some((a) => a.endsWith('.0'))) continue;
    const base = slot === null ? slotFree(guest, reserved) : addressDevice(slot);
    reserved.add(base);
    for (const address of members) {
      const guestAddress = `${base}${address.slice(address.lastIndexOf('.'))}`;
      places.set(address, { guestAddress, multifunction: address.endsWith('.0') });
    }
  }
  return places;
}

/** A free slot: an empty root port, or the one that libvirt adds for the next bus; on i440fx a slot of bus 0. */
function slotFree(guest: GuestModel, reserved: ReadonlySet<string>): string {
  const used = new Set([...[...guest.taken.keys()].map(addressDevice), ...reserved]);
  if (guest.controllers.some((c) => c.model === 'pcie-root')) {
    const empty = guest.controllers.find((c) => c.model === 'pcie-root-port' && !used.has(busSlot(c.index)));
    if (empty) return busSlot(empty.index);
    let bus = Math.max(0, ...guest.controllers.map((c) => c.index)) + 1;
    while (used.has(busSlot(bus))) bus++;
    return busSlot(bus);
  }
  // Slots 1 and 2 belong to the chipset (PIIX3) and by custom to the display.
  for (let slot = 3; slot < 32; slot++) {
    const device = addressDevice(addressFormat({ domain: 0, bus: 0, slot, function: 0 }));
    if (!used.has(device)) return device;
  }
  throw new Failure(
    'refused',
    `${guest.name} has no free PCI slot on bus 0`,
    'take a device out of it first',
  );
}

function busSlot(bus: number): string {
  return `0000:${hex(bus, 2)}:00`;
}

/**
 * Why the functions cannot be plugged into the running guest, or null when they can. libvirt plugs function 0 only
 * and adds no root port to a running guest (qemuDomainAttachHostPCIDevice assigns from what is there).
 */
export function hotplugPlace(guest: GuestModel, functions: readonly string[]): string | null {
  const devices = new Set(functions.map(addressDevice));
  if (devices.size < functions.length) {
    return `${functions.map(addressShort).join(', ')} are functions of one device: libvirt plugs only function 0 into a running guest`;
  }
  if (!guest.liveControllers.some((c) => c.model === 'pcie-root')) return null;
  const used = new Set([...guest.liveTaken.keys()].map((a) => addressParse(a)?.bus));
  const free = guest.liveControllers.filter(
    (c) => (c.model === 'pcie-root-port' || c.model === 'pcie-to-pci-bridge') && !used.has(c.index),
  );
  if (free.length >= functions.length) return null;
  return `the running ${guest.name} has ${free.length} free root ports for ${functions.length} functions, and libvirt adds none while it runs`;
}
