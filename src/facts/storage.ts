import { type BlockDevice, blockDevices } from './block.ts';
import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

interface Mount {
  readonly point: string;
  readonly dev: string;
  readonly type: string;
  readonly source: string;
}

/**
 * Disks that hang on a PCI function, and what the host keeps on them: mounts and swap on the disk, its partitions,
 * and what device mapper, md and btrfs put together from them. ZFS pools do not show in sysfs: a gap says so.
 */
export function storageFacts(look: Look): Snapshot['storage'] {
  const devices = blockDevices(look);
  const mountinfo = look.text('storage', '/proc/self/mountinfo');
  const swaps = look.text('storage', '/proc/swaps');
  if (!devices || mountinfo === undefined || swaps === undefined) return undefined;
  const mounts = mountsOf(mountinfo ?? '');
  const held = new Map<string, Set<string>>();
  const swapping = new Set<string>();
  const hold = (device: BlockDevice | undefined, note: (disk: string) => void): void => {
    for (const disk of device ? disksBelow(devices, device) : []) note(disk);
  };

  for (const mount of mounts) {
    for (const device of mountDevices(look, devices, mount)) {
      hold(device, (disk) => held.set(disk, (held.get(disk) ?? new Set()).add(mount.point)));
    }
    if (mount.type === 'zfs')
      look.gap(
        'storage.mounts',
        '/proc/self/mountinfo',
        'the disks of a ZFS pool are not traced',
        mount.source,
      );
  }
  for (const line of (swaps ?? '').split('\n').slice(1)) {
    const [path = '', type] = line.split(/\s+/);
    const on = type === 'file' ? mountOf(mounts, path) : undefined;
    const places = on ? mountDevices(look, devices, on) : [deviceOfPath(devices, path)];
    for (const place of places) hold(place, (disk) => swapping.add(disk));
  }
  return [...devices.values()]
    .filter((device) => device.owners.length > 0 && device.parent === null)
    .flatMap(({ name, owners }) =>
      owners.map((fn) => ({
        name,
        function: fn,
        mounts: [...(held.get(name) ?? [])].sort(),
        swap: swapping.has(name),
      })),
    );
}

/** Whole disks that a device stands on: itself, the disk of a partition, the members of a volume. */
function disksBelow(devices: ReadonlyMap<string, BlockDevice>, device: BlockDevice, depth = 0): string[] {
  const below = [device.parent, ...device.members].filter((name) => name !== null);
  if (below.length === 0 || depth > 16) return [device.name];
  return below.flatMap((name) => {
    const next = devices.get(name);
    return next ? disksBelow(devices, next, depth + 1) : [];
  });
}

/** `id parent major:minor root point options… - type source super`; blanks in names are `\040`. */
function mountsOf(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , dev, , point] = left.split(' ');
    const [type = '', source = ''] = right.split(' ');
    return dev && point ? [{ point: octalDecode(point), dev, type, source: octalDecode(source) }] : [];
  });
}

function octalDecode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** By device number; btrfs has numbers of its own and perhaps several devices, which it lists by name. */
function mountDevices(
  look: Look,
  devices: ReadonlyMap<string, BlockDevice>,
  mount: Mount,
): (BlockDevice | undefined)[] {
  const exact = [...devices.values()].find((device) => device.dev === mount.dev);
  if (exact) return [exact];
  const named = deviceOfPath(devices, mount.source);
  if (!named || mount.type !== 'btrfs') return [named];
  const members = (look.list('storage.mounts', '/sys/fs/btrfs') ?? [])
    .filter((name) => name.includes('-'))
    .map((uuid) => look.list('storage.mounts', `/sys/fs/btrfs/${uuid}/devices`) ?? [])
    .find((names) => names.includes(named.name));
  return members?.map((name) => devices.get(name)) ?? [named];
}

function deviceOfPath(devices: ReadonlyMap<string, BlockDevice>, path: string): BlockDevice | undefined {
  if (!path.startsWith('/dev/')) return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return devices.get(name) ?? [...devices.values()].find((device) => device.mapperName === name);
}

function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = (point: string) => point === '/' || path.startsWith(`${point}/`);
  return mounts
    .filter(({ point }) => above(point))
    .reduce<Mount | undefined>(
      (best, mount) => (best && best.point.length > mount.point.length ? best : mount),
      undefined,
    );
}
