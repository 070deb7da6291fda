import type { BlockDevices } from '../block.ts';
import type { Look } from '../look.ts';
import { type Mount, mountAbove } from './mounts.ts';
import { overlayLayers } from './overlay.ts';
import { btrfsDevices, poolDevices, type ZfsPools } from './pools.ts';

/** What mounts and files lie on, by the names of block devices; empty for memory and other machines. */
export interface MountDevices {
  readonly ofMount: (mount: Mount) => readonly string[];
  readonly ofFile: (path: string) => readonly string[];
}

export function mountDevices(
  look: Look,
  blocks: BlockDevices,
  pools: ZfsPools,
  mounts: readonly Mount[],
): MountDevices {
  const known = new Map<Mount, readonly string[]>();
  const ofMount = (mount: Mount): readonly string[] => {
    const devices = known.get(mount);
    if (devices) return devices;
    // Overlays may be laid over each other: nobody is asked for itself.
    known.set(mount, []);
    const all = devicesOf(mount);
    known.set(mount, all);
    return all;
  };
  const devicesOf = (mount: Mount): readonly string[] => {
    if (mount.type === 'zfs') return poolDevices(look, pools, mount);
    if (mount.type === 'overlay') return overlayDevices(mount);
    return ownDevices(look, blocks, mount);
  };
  const overlayDevices = (mount: Mount): string[] => {
    const layers = overlayLayers(mounts, mount);
    if (layers.length === 0 && mount.point === '/' && mount.seenBy === null) unknown(look, mount);
    return [...new Set(layers.flatMap(ofMount))];
  };
  return {
    ofMount,
    ofFile(path) {
      const mount = mountAbove(mounts, path);
      return mount ? ofMount(mount) : [];
    },
  };
}

/**
 * By its number, else by its source, which for btrfs is one of several devices, and for bcachefs all of them with colons
 * between. XFS may keep its log and its real-time part elsewhere.
 */
function ownDevices(look: Look, blocks: BlockDevices, mount: Mount): string[] {
  const at = (path: string) => blocks.byPath.get(path)?.name ?? [];
  const exact = blocks.byNumber.get(mount.dev);
  const others = mount.options.flatMap((option) => /^(?:logdev|rtdev)=(.+)$/.exec(option)?.[1] ?? []);
  if (exact) return [exact.name, ...others.flatMap(at)];
  const named = mount.source.split(':').flatMap(at);
  if (mount.type !== 'btrfs') return named;
  const btrfs = btrfsDevices(look);
  const members = btrfs.find((names) => names.some((name) => named.includes(name)));
  // The kernel calls what it mounted without an initramfs /dev/root.
  const all = members ?? (named.length === 0 && btrfs.length === 1 ? btrfs[0]! : named);
  if (all.length === 0) unknown(look, mount);
  return all;
}

function unknown(look: Look, { source, point }: Mount): void {
  look.gap('storage.holds', '/proc/self/mountinfo', `the disks of ${source} on ${point} are not known`);
}
