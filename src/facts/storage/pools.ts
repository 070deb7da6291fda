import type { BlockDevice, BlockDevices } from '../block.ts';
import type { Look } from '../look.ts';
import type { Hold } from './hold.ts';
import type { Mount } from './mounts.ts';

/** ZFS pools that are imported, and the devices that each is made of. */
export type ZfsPools = ReadonlyMap<string, readonly string[]>;

const ZFS = '/proc/spl/kstat/zfs';

/**
 * ZFS claims its devices without linking them in sysfs. Which pools are imported the module says; which devices are
 * theirs stands in the labels that udev has read. The label of a cache or spare does not name its pool: it is then
 * taken for a member of each.
 */
export function zfsPools(look: Look, blocks: BlockDevices): ZfsPools {
  const names = (look.list('storage.holds', ZFS) ?? []).filter((name) =>
    ['state', 'txgs', 'io'].some((file) => look.host.exists(`${ZFS}/${name}/${file}`)),
  );
  const members = [...blocks.all.values()].filter(isZfsMember);
  const pools = new Map<string, readonly string[]>();
  for (const pool of names) {
    const own = members.filter((d) => d.udev?.properties.get('ID_FS_LABEL') === pool);
    if (own.length === 0)
      look.gap('storage.holds', `${ZFS}/${pool}`, `no disk is known to belong to the ZFS pool ${pool}`);
    const unnamed = members.filter((d) => !d.udev?.properties.has('ID_FS_LABEL'));
    pools.set(
      pool,
      [...own, ...unnamed].map((d) => d.name),
    );
  }
  return pools;
}

/** Where another signature was left on the disk, libblkid names all that it saw. */
function isZfsMember(device: BlockDevice): boolean {
  const properties = device.udev?.properties;
  return (
    properties?.get('ID_FS_TYPE') === 'zfs_member' ||
    /(^| )filesystem:zfs_member(:|$| )/.test(properties?.get('ID_FS_AMBIVALENT') ?? '')
  );
}

/** Of a dataset: `tank/home` is in tank. */
export function poolOf(mount: Mount): string {
  return mount.source.split('/')[0]!;
}

export function poolLabel(pool: string): string {
  return `${pool} (ZFS)`;
}

export function poolDevices(look: Look, pools: ZfsPools, mount: Mount): string[] {
  const members = pools.get(poolOf(mount));
  if (!members) look.gap('storage.holds', ZFS, `the module does not tell of the pool of ${mount.source}`);
  return [...(members ?? [])];
}

/** Pools that nothing is mounted from: their volumes and their data are the host's all the same. */
export function zfsHolds(pools: ZfsPools, mounts: readonly Mount[]): Hold[] {
  const mounted = new Set(mounts.filter((mount) => mount.type === 'zfs').map(poolOf));
  return [...pools]
    .filter(([pool]) => !mounted.has(pool))
    .map(([name, on]) => ({ kind: 'pool', name, on, remark: poolLabel(name), now: true }));
}

/** Volumes of a pool (zd0), by the link that names them: /dev/zvol/POOL/…. */
export function zfsVolumes(blocks: BlockDevices, pools: ZfsPools): Map<string, readonly string[]> {
  const volumes = [...blocks.all.values()].flatMap((device) => {
    const link = device.paths.find((path) => path.startsWith('/dev/zvol/'));
    const members = pools.get(link?.split('/')[3] ?? '');
    return members && device.parent === null ? [[device.name, members] as const] : [];
  });
  return new Map(volumes);
}

/** The devices of each btrfs that is mounted somewhere; it lists them while it is. */
export function btrfsDevices(look: Look): string[][] {
  return look.once('btrfs devices', () =>
    (look.list('storage.holds', '/sys/fs/btrfs') ?? [])
      .filter((name) => /^[0-9a-f]{8}-/.test(name))
      .map((uuid) => look.list('storage.holds', `/sys/fs/btrfs/${uuid}/devices`) ?? []),
  );
}

/** File systems that are mounted where we cannot see it. */
export function btrfsHolds(look: Look, busy: readonly Hold[]): Hold[] {
  const used = new Set(busy.flatMap((hold) => hold.on));
  return btrfsDevices(look)
    .filter((members) => !members.some((member) => used.has(member)))
    .map((on) => ({ kind: 'pool', name: `btrfs on ${on.join(' ')}`, on, remark: null, now: true }));
}

/** Devices registered with bcache that no volume of it links: their set is open, and keeps them. */
export function bcacheHolds(look: Look, blocks: BlockDevices): Hold[] {
  const linked = new Set([...blocks.all.values()].flatMap((device) => device.members));
  const sets = (look.list('storage.holds', '/sys/fs/bcache') ?? []).filter((n) => /^[0-9a-f]{8}-/.test(n));
  return sets.map((uuid) => {
    const set = `/sys/fs/bcache/${uuid}`;
    const links = (look.list('storage.holds', set) ?? []).filter((name) => /^(bdev|cache)\d+$/.test(name));
    const names = links.map((name) => {
      const path = `${set}/${name}`;
      // …/block/sda/sda2/bcache
      return look.known('storage.holds', path, look.host.link(path))?.split('/').at(-2) ?? '';
    });
    const on = names.filter((name) => !linked.has(name));
    return { kind: 'volume', name: `bcache set ${uuid}`, on, remark: null, now: true };
  });
}
