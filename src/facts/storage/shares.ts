import type { Look } from '../look.ts';
import { pciPathOwners } from '../pci-path.ts';
import type { Snapshot } from '../snapshot.ts';
import { type Mount, mountName } from './mounts.ts';

type Disk = NonNullable<Snapshot['storage']>[number];

const DEVICES = '/sys/bus/virtio/devices';
const VIRTIOFS = '/sys/fs/virtiofs';
/** Device types (include/uapi/linux/virtio_ids.h), and the file systems that are mounted by their tags. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['0x0009', '9p'],
  ['0x001a', 'virtiofs'],
]);

/** Directories that a machine around this one shares: storage of a function without any block device. */
export function sharedDirectories(look: Look, mounts: readonly Mount[]): Disk[] {
  return (look.list('storage.function', DEVICES) ?? []).flatMap((name) => {
    const path = `${DEVICES}/${name}`;
    const type = TYPES.get(look.text('storage.function', `${path}/device`, name) ?? '');
    if (type === undefined) return [];
    const target = look.known('storage.function', path, look.host.link(path), name) ?? '';
    const tag = type === '9p' ? plan9Tag(look, path, name) : virtiofsTag(look, name);
    // Of a tag that nobody tells, any such mount may be.
    const own = mounts.filter((mount) => mount.type === type && (tag === null || mount.source === tag));
    const names = look.host.exists(`${path}/driver`) ? [...new Set(own.map(mountName))].sort() : [];
    const facts = {
      name,
      mounts: names,
      swap: false,
      transport: 'virtio',
      holds: names.map((point) => ({ kind: 'mount' as const, name: point, through: [] })),
      paths: [],
    };
    return pciPathOwners(target).map((fn) => ({ ...facts, function: fn }));
  });
}

/** The file ends with a zero byte (p9_mount_tag_show). */
function plan9Tag(look: Look, path: string, name: string): string | null {
  return look.text('storage.holds', `${path}/mount_tag`, name)?.replace(/\0.*$/s, '') ?? null;
}

/** Since Linux 6.9 each file system tells its tag and links to its device. */
function virtiofsTag(look: Look, name: string): string | null {
  for (const number of look.list('storage.holds', VIRTIOFS, name) ?? []) {
    if (look.linkName('storage.holds', `${VIRTIOFS}/${number}/device`, name) === name)
      return look.text('storage.holds', `${VIRTIOFS}/${number}/tag`, name) ?? null;
  }
  return null;
}
