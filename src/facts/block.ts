import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';
import { type UdevRecord, udevRecord } from './storage/udev.ts';

/** A disk, a partition, or a volume made of others. */
export interface BlockDevice {
  readonly name: string;
  /** `major:minor`. */
  readonly dev: string;
  /** The disk of a partition, else null. */
  readonly parent: string | null;
  /** What the kernel made it of (`slaves`): of device mapper, md, bcache, DRBD. */
  readonly members: readonly string[];
  /** The file or device behind a loop device, or behind the swap of a zram; null when there is none. */
  readonly backing: string | null;
  /** What a person calls it: its name below /dev/mapper, else its own. */
  readonly title: string;
  /** `sda3`, `vg0-root (LVM)`, `loop0 (/srv/disk.img)`. */
  readonly label: string;
  /** Where it stands below /dev: its node first, then links. */
  readonly paths: readonly string[];
  /** What udev read from it; null when udev does not know it. */
  readonly udev: UdevRecord | null;
  /** It is made by software, and no disk of its own: device mapper, md, loop, zram and their like. */
  readonly made: boolean;
  readonly transport: string | null;
  /** PCI functions without which it is gone; empty for what is virtual or on no PCI bus. */
  readonly owners: readonly string[];
}

/** All block devices, by each of their names. */
export interface BlockDevices {
  readonly all: ReadonlyMap<string, BlockDevice>;
  /** By `major:minor`. */
  readonly byNumber: ReadonlyMap<string, BlockDevice>;
  readonly byPath: ReadonlyMap<string, BlockDevice>;
  /** Udev keeps a database here: what it does not say is not so. */
  readonly udev: boolean;
}

const CLASS = '/sys/class/block';
/** With native multipath each path to a namespace is a hidden disk beside the one that is used. */
const HIDDEN_PATH = /^nvme\d+c\d+n\d+/;

/** Read once; undefined when they cannot be listed. */
export function blockDevices(look: Look): BlockDevices | undefined {
  return look.once('block devices', () => {
    const names = look.list('storage', CLASS);
    if (names === undefined) return undefined;
    const devices = (names ?? []).filter((n) => !HIDDEN_PATH.test(n)).map((name) => deviceOf(look, name));
    return {
      all: new Map(devices.map((d) => [d.name, d])),
      byNumber: new Map(devices.map((d) => [d.dev, d])),
      byPath: new Map(devices.flatMap((d) => d.paths.map((path) => [path, d]))),
      udev: devices.some((d) => d.udev !== null),
    };
  });
}

function deviceOf(look: Look, name: string): BlockDevice {
  const path = `${CLASS}/${name}`;
  const target = look.known('storage.function', path, look.host.link(path), name) ?? '';
  const parent = parentOf(target);
  const of = parent ?? name;
  const dev = look.text('storage.holds', `${path}/dev`, of) ?? '';
  const udev = udevRecord(look, dev, of);
  const made = /\/virtual\/block\/(?!nbd|rbd)/.test(target);
  const whole = made && parent === null;
  const mapper = name.startsWith('dm-') ? (look.text('storage.holds', `${path}/dm/name`, of) ?? null) : null;
  const backing = whole ? backingOf(look, path, name) : null;
  const kind = whole ? kindOf(look, path, name) : null;
  const title = mapper ?? name;
  const mark = backing ?? kind;
  return {
    name,
    dev,
    parent,
    members: whole && !/^(loop|ram|zram|zd)\d/.test(name) ? membersOf(look, path, name) : [],
    backing,
    title,
    label: mark === null ? title : `${title} (${mark})`,
    // sysfs writes `!` where the node is in a directory: cciss!c0d0.
    paths: [
      ...new Set([
        `/dev/${name.replaceAll('!', '/')}`,
        ...(mapper === null ? [] : [`/dev/mapper/${mapper}`]),
        ...(udev?.links ?? []),
      ]),
    ],
    udev,
    made,
    transport: transportOf(target),
    owners: ownersOf(look, target),
  };
}

/** A partition lies inside its disk: `…/block/sda/sda1`, `…/nvme0/nvme0n1/nvme0n1p2`. */
function parentOf(target: string): string | null {
  const [above = '', name = ''] = target.split('/').slice(-2);
  const partition = name.startsWith(above) && /^p?\d+$/.test(name.slice(above.length));
  return partition && above !== '' && !/^nvme\d+$/.test(above) ? above : null;
}

/** Whoever claims a device for a volume is linked both ways, as `holders` there and `slaves` here (block/holder.c). */
function membersOf(look: Look, path: string, name: string): string[] {
  return look.list('storage.holds', `${path}/slaves`, name) ?? [];
}

/** A loop device that is not set up has no `loop` directory; a zram without write-back says `none`. */
function backingOf(look: Look, path: string, name: string): string | null {
  if (/^loop\d/.test(name)) return look.text('storage.holds', `${path}/loop/backing_file`, name) ?? null;
  if (!/^zram\d/.test(name)) return null;
  const backing = look.text('storage.holds', `${path}/backing_dev`, name) ?? 'none';
  return backing === 'none' ? null : backing;
}

/** Who made a volume of device mapper says the first part of its uuid. */
const MAPPERS: readonly (readonly [prefix: RegExp, kind: string])[] = [
  [/^LVM-/, 'LVM'],
  [/^CRYPT-/, 'dm-crypt'],
  [/^(part\d+-)?mpath-/, 'multipath'],
  [/^DMRAID-/, 'dmraid'],
  [/^stratis-/, 'Stratis'],
];

function kindOf(look: Look, path: string, name: string): string | null {
  if (name.startsWith('dm-')) {
    const uuid = look.text('storage.holds', `${path}/dm/uuid`, name) ?? '';
    return MAPPERS.find(([prefix]) => prefix.test(uuid))?.[1] ?? 'device mapper';
  }
  const kind = /^(md|bcache|drbd)/.exec(name)?.[1];
  return kind === 'drbd' ? 'DRBD' : (kind ?? null);
}

/** The last bus on the way, in the words of /sys/devices. */
const TRANSPORTS: readonly (readonly [part: RegExp, transport: string])[] = [
  [/\/usb\d+\//, 'usb'],
  [/\/nvme\d+\/|\/nvme-subsystem\//, 'nvme'],
  [/\/virtio\d+\//, 'virtio'],
  [/\/mmc_host\//, 'mmc'],
  [/\/session\d+\//, 'iscsi'],
  [/\/rport-/, 'fc'],
  // A SATA disk on a SAS controller is an end device as well.
  [/\/end_device-/, 'sas'],
  [/\/ata\d+\//, 'sata'],
];

function transportOf(target: string): string | null {
  return TRANSPORTS.find(([part]) => part.test(target))?.[1] ?? null;
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
  const owners = controllers
    .filter((name) => /^nvme\d+$/.test(name))
    .flatMap((name) => {
      const path = `/sys/class/nvme/${name}`;
      return pciPathOwners(look.known('storage.function', path, look.host.link(path), name) ?? '');
    });
  return [...new Set(owners)];
}
