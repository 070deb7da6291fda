import { addressFormat, addressParse, hex } from '../../model/address.ts';
import { attribute, type XmlElement } from './document.ts';

/** The PCI address in an `<address>` as `dddd:bb:ss.f`; null when it has no bus or slot, or is not for PCI. */
export function pciAddressRead(element: XmlElement | null): string | null {
  const type = attribute(element, 'type');
  if (element === null || (type !== null && type !== 'pci')) return null;
  const domain = numberRead(attribute(element, 'domain') ?? '0');
  const bus = numberRead(attribute(element, 'bus'));
  const slot = numberRead(attribute(element, 'slot'));
  const fn = numberRead(attribute(element, 'function') ?? '0');
  if (domain === null || bus === null || slot === null || fn === null) return null;
  if (domain > 0xffffffff || bus > 0xff || slot > 0x1f || fn > 7) return null;
  return addressFormat({ domain, bus, slot, function: fn });
}

/** The attributes of an `<address>` as libvirt prints them. */
export function pciAddressAttributes(address: string): string {
  const parsed = addressParse(address);
  if (!parsed) throw new Error(`not a PCI address: ${address}`);
  const { domain, bus, slot, function: fn } = parsed;
  return `domain='0x${hex(domain, 4)}' bus='0x${hex(bus, 2)}' slot='0x${hex(slot, 2)}' function='0x${fn}'`;
}

/** libvirt reads these numbers as C does: `0x1b`, `27` and `033` are the same slot. */
export function numberRead(text: string | null): number | null {
  if (text === null) return null;
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]{0,11}$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : null;
}
