import type { Host } from '../host/host.ts';
import { liveHost } from '../host/live.ts';
import { CLASS_NAMES } from './class-names.ts';
import type { PciFunction } from './snapshot.ts';

/** Names are decoration: a function's identity is its vendor and device, whatever a database calls them. */
export interface Names {
  /** `Intel Corporation 6 Series/C200 … Controller`; without a database `Audio device 8086:1c20`. */
  function(fn: PciFunction): string;
  /** `Audio device`, from the class code; six or four digits. */
  class(code: string): string;
  vendor(id: string): string | null;
  /** What the maker of the board calls it; null when nobody named it. */
  subsystem(fn: PciFunction): string | null;
}

const PLACES = ['/usr/share/hwdata/pci.ids', '/usr/share/misc/pci.ids'];
const DATABASE_MAX = 8 * 1024 * 1024;

/**
 * Names from the host's pci.ids, or from this machine's where the host is a record without one: the ids are the
 * same everywhere. The file is read at the first name, and of its 20,000 entries only what is asked for is parsed.
 */
export function namesOf(host: Host): Names {
  let text: string | null = null;
  const vendors = new Map<string, Vendor | null>();
  const vendorOf = (id: string): Vendor | null => {
    text ??= databaseText(host) ?? databaseText(liveHost()) ?? '';
    if (!vendors.has(id)) vendors.set(id, vendorParse(text, id));
    return vendors.get(id)!;
  };
  const className = (code: string) =>
    CLASS_NAMES[code.slice(0, 4)] ?? CLASS_NAMES[code.slice(0, 2)] ?? `Class ${code}`;
  return {
    function(fn) {
      const vendor = vendorOf(fn.vendor);
      const device = vendor?.devices.get(fn.device);
      if (vendor && device !== undefined) return `${vendor.name} ${device}`;
      return `${vendor ? `${vendor.name} ` : ''}${className(fn.class)} ${fn.vendor}:${fn.device}`;
    },
    class: className,
    vendor: (id) => vendorOf(id)?.name ?? null,
    subsystem(fn) {
      if (fn.subsystemVendor === null || fn.subsystemDevice === null) return null;
      const key = `${fn.device} ${fn.subsystemVendor} ${fn.subsystemDevice}`;
      return vendorOf(fn.vendor)?.subsystems.get(key) ?? null;
    },
  };
}

interface Vendor {
  readonly name: string;
  readonly devices: ReadonlyMap<string, string>;
  /** By `device subvendor subdevice`. */
  readonly subsystems: ReadonlyMap<string, string>;
}

function databaseText(host: Host): string | null {
  for (const path of PLACES) {
    const text = host.read(path, DATABASE_MAX);
    if (text.state === 'read') return text.value;
  }
  return null;
}

/** `vendor  name` at the margin, `device  name` under one tab, `subvendor subdevice  name` under two. */
function vendorParse(text: string, id: string): Vendor | null {
  const head = `${id}  `;
  const start = text.startsWith(head) ? 0 : text.indexOf(`\n${head}`) + 1;
  if (start === 0 && !text.startsWith(head)) return null;
  const devices = new Map<string, string>();
  const subsystems = new Map<string, string>();
  let device = '';
  let at = start;
  for (;;) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? undefined : end);
    const [, indent = '', key = '', name = ''] =
      /^(\t*)([0-9a-f]{4}(?: [0-9a-f]{4})?) {2}(.*)$/.exec(line) ?? [];
    if (at > start && !line.startsWith('\t') && !line.startsWith('#')) break;
    if (indent === '\t') {
      device = key;
      devices.set(key, name);
    } else if (indent === '\t\t') subsystems.set(`${device} ${key}`, name);
    if (end < 0) break;
    at = end + 1;
  }
  const line = text.slice(start, text.indexOf('\n', start));
  return { name: line.slice(head.length), devices, subsystems };
}
