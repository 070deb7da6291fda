import type { Look } from '../look.ts';

/** What udev keeps about one block device: it has read the device, so that we need not. */
export interface UdevRecord {
  /** Links to it, below /dev. */
  readonly links: readonly string[];
  /** `ID_FS_TYPE`, `ID_PART_ENTRY_TYPE`, … */
  readonly properties: ReadonlyMap<string, string>;
}

/** By device number: /run/udev/data/b8:1, with a letter and a colon before each entry (S links, E properties). */
export function udevRecord(look: Look, dev: string, of: string): UdevRecord | null {
  if (dev === '') return null;
  const text = look.text('storage.holds', `/run/udev/data/b${dev}`, of);
  if (text == null) return null;
  const links: string[] = [];
  const properties = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.startsWith('S:')) links.push(`/dev/${line.slice(2)}`);
    const entry = /^E:([^=]+)=(.*)$/.exec(line);
    if (entry) properties.set(entry[1]!, entry[2]!);
  }
  return { links: links.sort(), properties };
}

/** Tags of fstab(5) and of the kernel command line, and where udev links what they name. */
const TAGS: Readonly<Record<string, string>> = {
  UUID: 'by-uuid',
  LABEL: 'by-label',
  PARTUUID: 'by-partuuid',
  PARTLABEL: 'by-partlabel',
  ID: 'by-id',
};

/** Paths at which a device stands that is called so: `UUID=…`, `LABEL="my disk"`, `/dev/sda1`; none for other words. */
export function devicePaths(spec: string): string[] {
  const [, tag = '', quoted = ''] = /^([A-Z]+)=(.*)$/.exec(spec) ?? [];
  const folder = TAGS[tag];
  if (folder === undefined) return spec.startsWith('/dev/') ? [spec] : [];
  const value = linkName(quoted.replace(/^"(.*)"$/, '$1'));
  // Only of UUIDs the case means nothing, and each kind of file system writes them its own way.
  const values = tag.endsWith('UUID') ? [value, value.toLowerCase(), value.toUpperCase()] : [value];
  return [...new Set(values)].map((v) => `/dev/disk/${folder}/${v}`);
}

/** Udev writes bytes that do not belong into a file name as `\x20`. */
function linkName(value: string): string {
  return value.replace(
    /[^\w#+\-.:=@\u0080-\u{10ffff}]/gu,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
