import { addressOfWords, addressRead, addressText, type NetworkAddress } from '../network-address.ts';

/** A network as the routes of the host have it. */
interface Network extends NetworkAddress {
  readonly bits: number;
}

/** The first address of each family becomes this one; the others, what differs from it where they did. */
const FIRST = { 4: read('10.0.0.1'), 6: read('fd00::1') } as const;

/** Addresses that mean the same on every machine: nothing in these is changed. */
const COMMON: readonly Network[] = [
  { ...read('0.0.0.0'), bits: 8 },
  { ...read('127.0.0.0'), bits: 8 },
  { ...read('224.0.0.0'), bits: 3 },
  { ...read('::'), bits: 64 },
];
/** Only the network means the same: the rest of a link-local or multicast address may be made of a MAC address. */
const PREFIXES: readonly Network[] = [
  { ...read('169.254.0.0'), bits: 16 },
  { ...read('fe80::'), bits: 64 },
  { ...read('ff02::1:ff00:0'), bits: 104 },
  { ...read('ff00::'), bits: 8 },
];

/**
 * Other addresses for those of a host, the same for the same: which of them share a network is kept, for that is what
 * its routes decide by, and nothing else. Bit by bit down from the first: what comes after a same beginning is turned
 * over or not, the same for all that begin so, and the zeros in which a network of the routes ends stay zeros.
 */
export class Addresses {
  readonly #turned = new Map<string, boolean>();
  readonly #still = new Set<string>();

  constructor(networks: readonly Network[]) {
    for (const { family, value, bits } of [...COMMON, ...PREFIXES]) {
      for (let length = 0; length < bits; length++) this.#still.add(pathOf({ family, value }, length));
    }
    for (const { family, value, bits } of networks) {
      for (let length = bits; length < width(family); length++)
        this.#still.add(pathOf({ family, value }, length));
    }
  }

  /** The same in the other's place, written as it was; a text that is no address as it is. */
  text(text: string): string {
    const [address] = text.split('%');
    const parsed = addressRead(address ?? '');
    return parsed === null || isCommon(parsed)
      ? text
      : addressText(this.#other(parsed)) + text.slice(address!.length);
  }

  /** In the processor's words, as /proc/net/tcp and /proc/net/route have it. */
  words(hex: string): string {
    const parsed = addressOfWords(hex);
    if (parsed === null || isCommon(parsed)) return hex;
    const { family, value } = this.#other(parsed);
    const mapped = hex.length === 32 && family === 4 ? value | (0xffffn << 32n) : value;
    const bytes = mapped.toString(16).padStart(hex.length, '0');
    return bytes.replace(/(..)(..)(..)(..)/g, '$4$3$2$1').toUpperCase();
  }

  /** 32 digits in the order of the network, as /proc/net/ipv6_route and if_inet6 have it. */
  digits(hex: string): string {
    const parsed = addressRead(hex.replace(/(.{4})(?!$)/g, '$1:'));
    if (parsed === null || parsed.family === 4 || isCommon(parsed)) return hex;
    return this.#other(parsed).value.toString(16).padStart(32, '0');
  }

  #other(address: NetworkAddress): NetworkAddress {
    const { family } = address;
    let other = 0n;
    for (let length = 0; length < width(family); length++) {
      const path = pathOf(address, length);
      const bit = bitAt(address, length);
      if (!this.#still.has(path) && !this.#turned.has(path))
        this.#turned.set(path, bit !== bitAt(FIRST[family], length));
      other = (other << 1n) | (this.#turned.get(path) ? 1n - bit : bit);
    }
    return { family, value: other };
  }
}

function isCommon({ family, value }: NetworkAddress): boolean {
  return COMMON.some((n) => {
    const rest = BigInt(width(family) - n.bits);
    return n.family === family && n.value >> rest === value >> rest;
  });
}

function width(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function bitAt({ family, value }: NetworkAddress, at: number): bigint {
  return (value >> BigInt(width(family) - 1 - at)) & 1n;
}

/** The first `length` bits, told apart by their number. */
function pathOf({ family, value }: NetworkAddress, length: number): string {
  return `${family}/${length}/${(value >> BigInt(width(family) - length)).toString(16)}`;
}

function read(text: string): NetworkAddress {
  return addressRead(text)!;
}
