import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';

/** A disk, a partition, or a volume made of others. */
export interface BlockDevice {
  readonly name: string;
  /** `major:minor`. */
  readonly dev: string;
  /** The disk of a partition, else null. */
  readonly parent: string | null;
  /** What a device-mapper or md volume is made of. */
  readonly members: readonly string[];
  /** The name below /dev/mapper, else null. */
  readonly mapperName: string | null;
  /** PCI functions without which it is gone; empty for what is virtual or on no PCI bus. */
  readonly owners: readonly string[];
}

const CLASS = '/sys/class/block';

/** All block devices by name; undefined when they cannot be listed. */
export function blockDevices(look: Look): Map<string, BlockDevice> | undefined {
  const names = look.list('storage', CLASS);
  if (names === undefined) return undefined;
  return new Map((names ?? []).map((name) => [name, deviceOf(look, name)]));
}

function deviceOf(look: Look, name: string): BlockDevice {
  const path = `${CLASS}/${name}`;
  const target = look.known('storage.function', path, look.host.link(path), name) ?? '';
  const volume = /^(dm-|md)/.test(name);
  return {
    name,
    dev: look.text('storage.mounts', `${path}/dev`, name) ?? '',
    parent: parentOf(target),
    members: volume ? (look.list('storage.mounts', `${path}/slaves`, name) ?? []) : [],
    mapperName: name.startsWith('dm-')
      ? (look.text('storage.mounts', `${path}/dm/name`, name) ?? null)
      : null,
    owners: ownersOf(look, target),
  };
}

/** A partition lies inside its disk: `…/block/sda/sda1`, `…/nvme0/nvme0n1/nvme0n1p2`. */
function parentOf(target: string): string | null {
  const [above = '', name = ''] = target.split('/').slice(-2);
  const partition = name.startsWith(above) && /^p?\d+$/.test(name.slice(above.length));
  return partition && above !== '' && !/^nvme\d+$/.test(above) ? above : null;
}

/**
 * With native multipath an NVMe disk hangs on a virtual subsystem, and that on its controllers
 * (drivers/nvme/host/multipath.c).
 */
function ownersOf(look: Look, target: string): string[] {
  const subsystem = /\/nvme-subsystem\/(nvme-subsys\d+)\//.exec(target)?.[1];
  if (subsystem === undefined) return pciPathOwners(target);
  const controllers =
    look.list('storage.function', `/sys/class/nvme-subsystem/${subsystem}`, subsystem) ?? [];
  return controllers
    .filter((name) => /^nvme\d+$/.test(name))
    .flatMap((name) => {
      const path = `/sys/class/nvme/${name}`;
      return pciPathOwners(look.known('storage.function', path, look.host.link(path), name) ?? '');
    });
}
