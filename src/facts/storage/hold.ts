import type { Snapshot } from '../snapshot.ts';

/** As the snapshot has it: kind, name, and the way up from the disk. */
type StorageHold = NonNullable<NonNullable<Snapshot['storage']>[number]['holds']>[number];

/** Something that the host keeps on block devices, before it is walked down to their disks. */
export interface Hold {
  readonly kind: StorageHold['kind'];
  readonly name: string;
  /** Names of the devices that it lies on: one, or all members of a pool. */
  readonly on: readonly string[];
  /** Last on the way up, where the device alone does not tell: `tank (ZFS)`, `not mounted now (/etc/fstab)`. */
  readonly remark: string | null;
  /** Mounted or swapped on at this moment. */
  readonly now: boolean;
}

/** The order in which a disk's holds are told. */
const KINDS: readonly Hold['kind'][] = ['mount', 'esp', 'swap', 'crash-dump', 'open', 'pool', 'volume'];

export function holdCompare(a: Pick<Hold, 'kind' | 'name'>, b: Pick<Hold, 'kind' | 'name'>): number {
  const kinds = KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);
  return kinds !== 0 ? kinds : a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
