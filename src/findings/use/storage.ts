import { gapAny } from '../../facts/gap.ts';
import type { Gap, PciFunction, Snapshot } from '../../facts/snapshot.ts';
import type { GuestModel } from '../../model/guest.ts';
import { type HostModel, hangingOn } from '../../model/model.ts';
import { isPassthroughDriver } from '../function-word.ts';
import { evidence } from '../rule.ts';
import { guestWord } from '../subject.ts';
import type { Use, Uses } from './use.ts';
import { isVital } from './vital.ts';

type Disk = NonNullable<Snapshot['storage']>[number];
type Hold = NonNullable<Disk['holds']>[number];

/** A disk, and what is lost with it. */
interface StorageUse extends Use {
  readonly losses: readonly Loss[];
}

interface Loss {
  /** Mount point, volume, `guest web01`: what a person types to insist. */
  readonly word: string;
  /** How a sentence says it. */
  readonly text: string;
  /** The host does not live on without it. */
  readonly vital: boolean;
}

/** `missing`: a fact that was not read, so that more may be lost than what is named. */
type StorageUses =
  | { readonly state: 'read'; readonly uses: readonly StorageUse[]; readonly missing: Gap | null }
  | Extract<Uses, { readonly state: 'unread' }>;

const LOSSES_SHOWN = 6;

export function storageUses(model: HostModel, fn: PciFunction): StorageUses {
  const { storage, libvirt } = model.snapshot;
  if (!storage) return unread('storage');
  const disks = hangingOn(storage, fn.address);
  const uses = disks.map((disk) => useOf(model, storage, disk));
  const missing = missingOf(model, storage, fn, disks);
  if (uses.some((use) => use.busy)) return { state: 'read', uses, missing };
  if (missing) return unread(missing.fact, missing.subject);
  const unknown = disks.find((disk) => !disk.holds);
  if (unknown) return unread('storage.holds', unknown.name);
  if (disks.length > 0 && !libvirt) return unread('libvirt');
  const pools = gapAny(model.snapshot, 'libvirt.guests.pools');
  if (disks.length > 0 && pools) return unread(pools.fact, pools.subject);
  return { state: 'read', uses, missing };
}

function unread(fact: string, of: string | null = null): StorageUses {
  return { state: 'unread', fact, of };
}

/** Whose a disk is matters to every function; what lies on a disk, only to its own. */
function missingOf(
  model: HostModel,
  storage: readonly Disk[],
  fn: PciFunction,
  disks: readonly Disk[],
): Gap | null {
  const whose = gapAny(model.snapshot, 'storage.function');
  if (whose) return whose;
  if (disks.length === 0) return seemsIdle(fn) ? (gapAny(model.snapshot, 'storage.below') ?? null) : null;
  const elsewhere = (name: string | null): boolean =>
    !disks.some((d) => d.name === name) && storage.some((d) => d.name === name && d.function !== null);
  const missing = model.snapshot.gaps.find(
    ({ fact, subject }) => fact.startsWith('storage.') && !elsewhere(subject),
  );
  return missing ?? null;
}

/** A storage controller that has a driver of the host, and no disk that anybody knows of. */
function seemsIdle({ class: code, driver }: PciFunction): boolean {
  return code.startsWith('01') && driver !== null && !isPassthroughDriver(driver);
}

function useOf(model: HostModel, storage: readonly Disk[], disk: Disk): StorageUse {
  const losses = [
    ...holdsOf(disk).map((hold) => lossOf(model, storage, disk, hold)),
    ...model.guests.filter((guest) => hasDevice(guest, disk)).map(guestLoss),
  ];
  // What matters most is not cut off.
  const texts = [...losses.filter((l) => l.vital), ...losses.filter((l) => !l.vital)].map((l) => l.text);
  const shown = [...new Set(texts)];
  const more = shown.length > LOSSES_SHOWN ? ` and ${shown.length - LOSSES_SHOWN} more` : '';
  const told = shown.length > 0 ? shown.slice(0, LOSSES_SHOWN).join(', ') + more : 'nothing of the host';
  return {
    name: disk.name,
    busy: losses.length > 0,
    vital: losses.some((loss) => loss.vital),
    losses,
    evidence: evidence(sysfsOf(disk), `${disk.name} holds ${told}`),
  };
}

/** A directory that is shared by virtio (`virtio3`) is no block device. */
function sysfsOf({ name }: Disk): string {
  return /^virtio\d+$/.test(name) ? `/sys/bus/virtio/devices/${name}` : `/sys/block/${name}`;
}

/** A snapshot of an older version knows mounts and swap only. */
function holdsOf(disk: Disk): Hold[] {
  const mounts = disk.mounts.map((name): Hold => ({ kind: 'mount', name, through: [] }));
  return disk.holds ?? (disk.swap ? [...mounts, { kind: 'swap', name: disk.name, through: [] }] : mounts);
}

/** The host does not live on without the disk, wherever it is. */
export function isDiskVital(disk: Disk): boolean {
  return holdsOf(disk).some((hold) => isHoldVital(disk, hold));
}

function isHoldVital(disk: Disk, { kind, name }: Hold): boolean {
  return kind === 'esp' || (kind === 'swap' && disk.swap) || (kind === 'mount' && isVital(name));
}

function lossOf(model: HostModel, storage: readonly Disk[], disk: Disk, hold: Hold): Loss {
  const { kind, name } = hold;
  const loss = (text: string): Loss => ({ word: name, text, vital: isHoldVital(disk, hold) });
  if (kind === 'esp') return loss(`the EFI system partition ${name}`);
  if (kind === 'crash-dump') return loss(`crash dumps on ${name}`);
  if (kind === 'volume') return loss(`the volume ${name}`);
  if (kind === 'pool') return loss(`the pool ${name}`);
  if (kind === 'open')
    return { word: name.replace(/ \(pid \d+\)$/, ''), text: `what ${name} has open`, vital: false };
  if (kind === 'swap') return disk.swap ? loss('swap') : loss(`swap on ${name} (not in use now)`);
  const guests = model.guests.filter((guest) => hasFile(guest, storage, name)).map((g) => g.name);
  const remarks = [
    ...(disk.mounts.includes(name) ? [] : ['not mounted now']),
    ...(guests.length > 0 ? [`a disk of ${guests.join(', ')}`] : []),
  ];
  return loss(remarks.length > 0 ? `${name} (${remarks.join('; ')})` : name);
}

function guestLoss(guest: GuestModel): Loss {
  return { word: `guest ${guestWord(guest)}`, text: `a disk of guest ${guest.name}`, vital: false };
}

function hasDevice(guest: GuestModel, disk: Disk): boolean {
  return guest.disks.some((path) => disk.paths?.includes(path));
}

/**
 * A file lies on the longest mount point above it. Of the root file system that is not said: what is mounted below it
 * from another machine does not show among the disks.
 */
function hasFile(guest: GuestModel, storage: readonly Disk[], point: string): boolean {
  if (point === '/') return false;
  const points = new Set(storage.flatMap((disk) => disk.mounts));
  return guest.disks
    .filter((path) => path.startsWith(`${point}/`))
    .some((path) => ![...points].some((p) => p.length > point.length && path.startsWith(`${p}/`)));
}
