import type { BlockDevice, BlockDevices } from '../block.ts';

/** The way from a disk up to a device that stands on it, the disk left out: `sda3`, `luks-root (dm-crypt)`. */
interface Chain {
  readonly disk: string;
  readonly through: readonly string[];
}

/** What stands on what. */
export interface Stack {
  /** Each disk below a device once, by the shortest way; a disk is below itself. */
  readonly chains: (device: string) => readonly Chain[];
  /** Volumes on which no other device stands: what is not mounted there is somebody's all the same. */
  readonly tops: readonly BlockDevice[];
}

/**
 * `ofFile`: the devices on which a file lies, such as the one behind a loop device. `pools`: what volumes of a pool stand
 * on, which the kernel does not link (ZFS).
 */
export function stackOf(
  blocks: BlockDevices,
  ofFile: (path: string) => readonly string[],
  pools: ReadonlyMap<string, readonly string[]>,
): Stack {
  const { all } = blocks;
  const below = (device: BlockDevice): string[] => [
    ...(device.parent === null ? [] : [device.parent]),
    ...device.members,
    ...(device.backing === null ? [] : backingDevices(blocks, ofFile, device.backing)),
    ...(pools.get(device.name) ?? []),
  ];
  const chains = new Map<string, readonly Chain[]>();
  const carriers = new Set([...all.values()].flatMap(below));
  return {
    chains(name) {
      const known = chains.get(name) ?? chainsBelow(all, name, below);
      chains.set(name, known);
      return known;
    },
    tops: [...all.values()].filter((d) => isVolume(blocks, d) && !carriers.has(d.name)),
  };
}

/** Made of other devices, not of a file: that one lies on a mount, which is named itself. */
function isVolume(blocks: BlockDevices, device: BlockDevice): boolean {
  const whole = blocks.all.get(device.parent ?? device.name) ?? device;
  return whole.members.length > 0 || (whole.backing !== null && blocks.byPath.has(whole.backing));
}

/** Breadth first, so that the first way found is a shortest one; a volume of many images is walked once. */
function chainsBelow(
  all: ReadonlyMap<string, BlockDevice>,
  name: string,
  below: (device: BlockDevice) => string[],
): Chain[] {
  const queue: Chain[] = [{ disk: name, through: [] }];
  const seen = new Set([name]);
  const bottoms: Chain[] = [];
  for (const chain of queue) {
    const device = all.get(chain.disk);
    const next = device ? below(device) : [];
    if (!device || next.length === 0) {
      bottoms.push(chain);
      continue;
    }
    const through = [device.label, ...chain.through];
    for (const disk of next) {
      if (seen.has(disk)) continue;
      seen.add(disk);
      queue.push({ disk, through });
    }
  }
  return bottoms;
}

function backingDevices(blocks: BlockDevices, ofFile: Parameters<typeof stackOf>[1], path: string): string[] {
  const device = blocks.byPath.get(path);
  return device ? [device.name] : [...ofFile(path)];
}
