import { type Host, value } from '../host/host.ts';
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
 * same everywhere. The file is read at the first name, and of its 20,000 entries only what is asked for is looked up.
 */
export function namesOf(host: Host): Names {
  let database: Buffer | null = null;
  const vendorOf = once((id: string) => {
    database ??= databaseBytes(host) ?? databaseBytes(liveHost()) ?? Buffer.alloc(0);
    return vendorRead(database, id);
  });
  const deviceOf = once((id: string) => {
    const [vendor = '', device = ''] = id.split(':');
    return entryName(vendorOf(vendor)?.devices ?? '', `\t${device}`);
  });
  const className = (code: string) =>
    CLASS_NAMES[code.slice(0, 4)] ?? CLASS_NAMES[code.slice(0, 2)] ?? `Class ${code}`;
  return {
    function(fn) {
      const id = `${fn.vendor}:${fn.device}`;
      const vendor = vendorOf(fn.vendor);
      return `${vendor ? `${vendor.name} ` : ''}${deviceOf(id) ?? `${className(fn.class)} ${id}`}`;
    },
    class: className,
    vendor: (id) => vendorOf(id)?.name ?? null,
    subsystem(fn) {
      if (fn.subsystemVendor === null || fn.subsystemDevice === null) return null;
      const { devices } = vendorOf(fn.vendor) ?? { devices: '' };
      const [, own = ''] = devices.split(`\n\t${fn.device}  `);
      return entryName(own.split(/\n\t(?!\t)/)[0]!, `\t\t${fn.subsystemVendor} ${fn.subsystemDevice}`);
    },
  };
}

/** A vendor's part of the database. */
interface Vendor {
  readonly name: string;
  /** Its devices under one tab, and the boards of each under two. */
  readonly devices: string;
}

function databaseBytes(host: Host): Buffer | null {
  for (const path of PLACES) {
    const bytes = value(host.readBytes(path, DATABASE_MAX));
    if (bytes) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return null;
}

/** `vendor  name` at the margin, and all lines up to the next one there. */
function vendorRead(database: Buffer, id: string): Vendor | null {
  const head = Buffer.from(`\n${id}  `);
  const first = database.subarray(0, head.length - 1).equals(head.subarray(1));
  const start = first ? 0 : database.indexOf(head) + 1;
  if (start === 0 && !first) return null;
  // Bytes as characters, so that places in the text are places in the file; names are decoded afterwards.
  const length = database.toString('latin1', start).search(/\n[^\t#\n]/);
  const text = database.toString('utf8', start, length < 0 ? database.length : start + length);
  const devices = text.indexOf('\n');
  return {
    name: text.slice(head.length - 1, devices < 0 ? undefined : devices),
    devices: devices < 0 ? '' : text.slice(devices),
  };
}

/** A machine has many functions of few kinds. */
function once<T>(read: (id: string) => T): (id: string) => T {
  const known = new Map<string, T>();
  return (id) => {
    if (!known.has(id)) known.set(id, read(id));
    return known.get(id) as T;
  };
}

/** The name in the line that begins with this key and two blanks. */
function entryName(text: string, key: string): string | null {
  const head = `\n${key}  `;
  const start = text.indexOf(head);
  if (start < 0) return null;
  const end = text.indexOf('\n', start + head.length);
  return text.slice(start + head.length, end < 0 ? undefined : end);
}
