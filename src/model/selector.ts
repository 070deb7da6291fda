import type { PciFunction } from '../facts/snapshot.ts';
import { Failure } from '../failure.ts';
import { addressOfNodeDevice, addressParse, addressShort } from './address.ts';
import { deviceFunctions, type HostModel } from './model.ts';

/** What a function is called in lists; used to select by a part of it. */
export type FunctionName = (fn: PciFunction) => string;

/** Class words of the command line and the class codes they stand for (PCI Code and ID Assignment, base and sub). */
const CLASS_WORDS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    audio: ['04'],
    sound: ['04'],
    gpu: ['03'],
    vga: ['03'],
    nic: ['02'],
    network: ['02'],
    nvme: ['0108'],
    sata: ['0106'],
    disk: ['01'],
    usb: ['0c03'],
  }),
);

/**
 * All functions that a selector names, in address order: an address (`00:1b.0`, `0000:00:1b.0`, `pci_0000_00_1b_0`),
 * a device (`00:1b`), an id (`8086:1c20`), a class word, or a part of a name. Empty when it names none.
 */
export function selectorMatches(model: HostModel, text: string, name: FunctionName): PciFunction[] {
  const word = text.trim().toLowerCase();
  const all = [...model.functions.values()];
  const address = selectorAddress(word);
  if (address) return all.filter((f) => f.address === address);
  const device = selectorDevice(word);
  if (device) return all.filter((f) => f.address.startsWith(`${device}.`));
  const id = /^([0-9a-f]{4}):([0-9a-f]{4})$/.exec(word);
  if (id) return all.filter((f) => f.vendor === id[1] && f.device === id[2]);
  const classes = CLASS_WORDS.get(word);
  if (classes) return all.filter((f) => classes.some((c) => f.class.startsWith(c)));
  if (word.length < 3) return [];
  return all.filter((f) => name(f).toLowerCase().includes(word));
}

/**
 * The functions that one DEVICE argument means to a command that acts: one function, or all endpoints of one device.
 * What matches more than was meant is refused with the candidates; nothing is ever picked for the user.
 */
export function selectorResolve(model: HostModel, text: string, name: FunctionName): PciFunction[] {
  const matches = selectorMatches(model, text, name);
  const first = matches[0];
  if (!first) {
    throw new Failure('not-found', `no PCI function matches '${text}'`, 'vfioctl list shows all functions');
  }
  const wholeDevice = selectorDevice(text.trim().toLowerCase()) !== null;
  if (wholeDevice) {
    const endpoints = deviceFunctions(model, first.address);
    return endpoints.length > 0 ? endpoints : matches;
  }
  if (matches.length > 1) {
    const candidates = matches.map((f) => `${addressShort(f.address)} ${name(f)}`).join('; ');
    throw new Failure(
      'ambiguous',
      `'${text}' matches ${matches.length} functions: ${candidates}`,
      'name one by its address',
    );
  }
  return matches;
}

/** The one address that the text is, whether or not such a function exists; null when it is no address. */
function selectorAddress(word: string): string | null {
  const node = addressOfNodeDevice(word);
  if (node) return node;
  const full = /^[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/.test(word) ? `0000:${word}` : word;
  return addressParse(full) ? full : null;
}

/** `00:1b` and `0000:00:1b` to `0000:00:1b`; an id such as `8086:1c20` is none. */
function selectorDevice(word: string): string | null {
  if (/^[0-9a-f]{2}:[01][0-9a-f]$/.test(word)) return `0000:${word}`;
  return /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]$/.test(word) ? word : null;
}
