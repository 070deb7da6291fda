import { type BlockDevice, type BlockDevices, blockDevices } from './block.ts';
import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';
import { configuredHolds } from './storage/configured.ts';
import { type Hold, holdCompare } from './storage/hold.ts';
import { kernelUserHolds } from './storage/kernel-users.ts';
import { type MountDevices, mountDevices } from './storage/mount-devices.ts';
import { type Mount, mountAbove, mountName, mountTable } from './storage/mounts.ts';
import { openHolds } from './storage/open.ts';
import {
  bcacheHolds,
  btrfsHolds,
  poolLabel,
  poolOf,
  type ZfsPools,
  zfsHolds,
  zfsPools,
  zfsVolumes,
} from './storage/pools.ts';
import { sharedDirectories } from './storage/shares.ts';
import { type Stack, stackOf } from './storage/stack.ts';
import { swapHolds } from './storage/swap.ts';

type Disk = NonNullable<Snapshot['storage']>[number];

interface Held {
  readonly hold: Hold;
  readonly through: string[];
}

/**
 * Disks, the PCI functions that they hang on, and what the host keeps on them, walked down from each mount, swap,
 * dump target and volume through partitions, device mapper, md, bcache, loop devices and pools. A disk on no PCI
 * function (iSCSI, NVMe over a network) stands there without one. Directories that a machine around this one shares
 * come last.
 */
export function storageFacts(look: Look): Snapshot['storage'] {
  const blocks = blockDevices(look);
  const mounts = mountTable(look);
  if (!blocks || mounts === undefined) return undefined;
  const pools = zfsPools(look, blocks);
  const devices = mountDevices(look, blocks, pools, mounts);
  const stack = stackOf(blocks, devices.ofFile, zfsVolumes(blocks, pools));
  const holds = holdsOf(look, blocks, mounts, pools, devices);
  if (!holds) return undefined;
  const held = new Set(holds.flatMap((hold) => hold.on));
  const volumes = stack.tops.filter((d) => !held.has(d.name)).map(volumeHold);
  belowUnknown(look, blocks, stack, [...held]);
  return [...disksOf(blocks, stack, [...holds, ...volumes]), ...sharedDirectories(look, mounts)];
}

/** All that is known to lie on some device, in the devices' names. */
function holdsOf(
  look: Look,
  blocks: BlockDevices,
  mounts: readonly Mount[],
  pools: ZfsPools,
  devices: MountDevices,
): Hold[] | undefined {
  const swaps = swapHolds(look, blocks, devices);
  if (!swaps) return undefined;
  const busy = [...mountHolds(mounts, devices), ...swaps];
  return [
    ...busy,
    ...openHolds(look, blocks),
    ...kernelUserHolds(look, blocks),
    ...configuredHolds(look, blocks, devices, busy),
    ...zfsHolds(pools, mounts),
    ...btrfsHolds(look, busy),
    ...bcacheHolds(look, blocks),
  ];
}

/** What only another mount namespace shows counts where nothing of ours is on the same device. */
function mountHolds(mounts: readonly Mount[], devices: MountDevices): Hold[] {
  const hold = (mount: Mount): Hold => ({
    kind: 'mount',
    name: mountName(mount),
    on: devices.ofMount(mount),
    remark: mount.type === 'zfs' ? poolLabel(poolOf(mount)) : null,
    now: true,
  });
  const ours = mounts
    .filter((mount) => mount.seenBy === null && mount.type !== 'autofs' && !isImplied(mounts, mount, devices))
    .map(hold);
  const known = new Set(ours.flatMap((h) => h.on));
  const foreign = mounts.filter((mount) => mount.seenBy !== null).map(hold);
  return [...ours, ...foreign.filter((h) => h.on.some((device) => !known.has(device)))];
}

/** An overlay that goes with the file system that it is mounted in: every container has one. */
function isImplied(mounts: readonly Mount[], mount: Mount, devices: MountDevices): boolean {
  if (mount.type !== 'overlay') return false;
  const around = mountAbove(
    mounts.filter((other) => other !== mount),
    mount.point,
  );
  const known = around ? devices.ofMount(around) : [];
  return devices.ofMount(mount).every((device) => known.includes(device));
}

/** Made by software in memory, of files or of another machine; device mapper and md name their members. */
const WITHOUT_DISK = /^(ram|zram|nullb|loop|dm-|md|drbd)\d/;

/** Drivers from elsewhere make devices (a ZFS volume without udev, PowerPath, ioMemory) and do not say of what. */
function belowUnknown(look: Look, blocks: BlockDevices, stack: Stack, held: readonly string[]): void {
  const bottoms = new Set(held.flatMap((name) => stack.chains(name)).map((chain) => chain.disk));
  for (const name of bottoms) {
    if (blocks.all.get(name)?.made && !WITHOUT_DISK.test(name))
      look.gap('storage.below', `/sys/class/block/${name}`, `what ${name} stands on is not known`);
  }
}

function volumeHold(device: BlockDevice): Hold {
  return { kind: 'volume', name: device.title, on: [device.name], remark: null, now: true };
}

/** Made devices are no disks; what belongs to another machine is one when something lies on it. */
function disksOf(blocks: BlockDevices, stack: Stack, holds: readonly Hold[]): Disk[] {
  const held = new Map([...blocks.all.keys()].map((name) => [name, new Map<string, Held>()]));
  const paths = new Map([...blocks.all.keys()].map((name) => [name, new Set<string>()]));
  for (const hold of holds.toSorted(holdCompare)) {
    for (const { disk, through } of hold.on.flatMap((name) => stack.chains(name))) {
      const way = hold.remark === null ? [...through] : [...through, hold.remark];
      const all = held.get(disk);
      const key = `${hold.kind} ${hold.name}`;
      // On several members of one disk, or mounted twice at one point: told once.
      if (!all?.has(key)) all?.set(key, { hold, through: way });
    }
  }
  for (const device of blocks.all.values()) {
    for (const { disk } of stack.chains(device.name))
      for (const path of device.paths) paths.get(disk)?.add(path);
  }
  return [...blocks.all.values()].flatMap(({ name, parent, made, owners, transport }) => {
    const on = [...held.get(name)!.values()];
    if (parent !== null || made || (owners.length === 0 && on.length === 0)) return [];
    const facts = {
      name,
      mounts: on.flatMap(({ hold }) => (hold.kind === 'mount' && hold.now ? [hold.name] : [])),
      swap: on.some(({ hold }) => hold.kind === 'swap' && hold.now),
      transport,
      holds: on.map(({ hold, through }) => ({ kind: hold.kind, name: hold.name, through })),
      paths: [...paths.get(name)!],
    };
    return (owners.length > 0 ? owners : [null]).map((fn) => ({ ...facts, function: fn }));
  });
}
