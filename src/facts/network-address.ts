/** An IP address as a number, so that it can be compared with routes. */
export interface NetworkAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** Above these 96 bits a socket of IPv6 that talks IPv4 keeps the address of its other side (RFC 4291, 2.5.5.2). */
const MAPPED = 0xffffn;

/** `10.0.0.7`, `fd00::7`, `fe80::1%eth0`; null for anything else. */
export function addressRead(text: string): NetworkAddress | null {
  const plain = text.replace(/%.*$/, '');
  return plain.includes(':') ? sixRead(plain) : fourRead(plain);
}

/**
 * An address of /proc/net/tcp and /proc/net/route, whose 32-bit words are in the processor's own byte order: little
 * endian on every machine that libvirt lends functions on but s390.
 */
export function addressOfWords(hex: string): NetworkAddress | null {
  if (!/^([0-9a-f]{8}|[0-9a-f]{32})$/i.test(hex)) return null;
  const bytes = hex.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');
  return unmapped({ family: hex.length === 8 ? 4 : 6, value: BigInt(`0x${bytes}`) });
}

/** Canonical, the longest run of zeros left out (RFC 5952). */
export function addressText({ family, value }: NetworkAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const words = Array.from({ length: 8 }, (_, i) => (value >> BigInt(112 - 16 * i)) & 0xffffn);
  const text = words.map((word) => word.toString(16)).join(':');
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)].sort((a, b) => b[0].length - a[0].length);
  if (!runs[0]) return text;
  const { 0: run, index } = runs[0];
  const [left, right] = [text.slice(0, index), text.slice(index + run.length)];
  return `${left.replace(/:$/, '')}::${right.replace(/^:/, '')}`;
}

export function addressEqual(a: NetworkAddress, b: NetworkAddress): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Of this machine itself: 127.0.0.0/8, `::1`, and the unspecified address, which means the same. */
export function addressLoopback({ family, value }: NetworkAddress): boolean {
  return family === 4 ? value >> 24n === 127n || value === 0n : value <= 1n;
}

/** `fe80::/10` says nothing of the interface that it is reached by: every one has that network. */
export function addressLinkLocal({ family, value }: NetworkAddress): boolean {
  return family === 6 && value >> 118n === 0x3fan;
}

function fourRead(text: string): NetworkAddress | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return { family: 4, value: parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n) };
}

function sixRead(text: string): NetworkAddress | null {
  const [head = '', tail, ...more] = text.split('::');
  const words = (part: string | undefined) => (part ? part.split(':').flatMap(wordsOf) : []);
  const [left, right] = [words(head), words(tail)];
  const missing = 8 - left.length - right.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return null;
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  if (!all.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return null;
  const value = all.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
  return unmapped({ family: 6, value });
}

/** The last part may be written as IPv4: `::ffff:10.0.0.7`. */
function wordsOf(part: string): string[] {
  const four = part.includes('.') ? fourRead(part) : null;
  return four ? [(four.value >> 16n).toString(16), (four.value & 0xffffn).toString(16)] : [part];
}

function unmapped(address: NetworkAddress): NetworkAddress {
  if (address.family === 4 || address.value >> 32n !== MAPPED) return address;
  return { family: 4, value: address.value & 0xffff_ffffn };
}
