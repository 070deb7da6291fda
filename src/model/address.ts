/** PCI addresses: `dddd:bb:ss.f`. The domain may be longer than four digits (VMD: `10000:e1:00.0`). */

export interface Address {
  readonly domain: number;
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
}

const FULL = /^([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i;

/** The address in a canonical text, or null. */
export function addressParse(text: string): Address | null {
  const match = FULL.exec(text);
  if (!match) return null;
  const [, domain, bus, slot, fn] = match as unknown as [string, string, string, string, string];
  return {
    domain: Number.parseInt(domain, 16),
    bus: Number.parseInt(bus, 16),
    slot: Number.parseInt(slot, 16),
    function: Number.parseInt(fn, 16),
  };
}

export function addressFormat(address: Address): string {
  return `${hex(address.domain, 4)}:${hex(address.bus, 2)}:${hex(address.slot, 2)}.${address.function}`;
}

/** Without the domain when it is 0000, as lspci prints it. */
export function addressShort(address: string): string {
  return address.startsWith('0000:') ? address.slice(5) : address;
}

/** `0000:00:1b.0` to `0000:00:1b`: the device that the function belongs to. */
export function addressDevice(address: string): string {
  return address.slice(0, address.lastIndexOf('.'));
}

/** libvirt's name of the node device: `pci_0000_00_1b_0`. */
export function addressNodeDevice(address: string): string {
  return `pci_${address.replace(/[:.]/g, '_')}`;
}

export function addressOfNodeDevice(name: string): string | null {
  const match = /^pci_([0-9a-f]{4,8})_([0-9a-f]{2})_([01][0-9a-f])_([0-7])$/i.exec(name);
  return match ? `${match[1]}:${match[2]}:${match[3]}.${match[4]}`.toLowerCase() : null;
}

export function addressCompare(a: string, b: string): number {
  // Digits of one length compare like their numbers; only domains beyond ffff have more.
  if (a.length === b.length) return a < b ? -1 : a > b ? 1 : 0;
  const left = addressParse(a);
  const right = addressParse(b);
  if (!left || !right) return a < b ? -1 : a > b ? 1 : 0;
  return (
    left.domain - right.domain ||
    left.bus - right.bus ||
    left.slot - right.slot ||
    left.function - right.function
  );
}

export function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
