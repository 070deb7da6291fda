import type { Group, PciFunction, Snapshot } from '../facts/snapshot.ts';
import { addressCompare, addressDevice } from './address.ts';
import { type GuestModel, guestOf } from './guest.ts';

/** A function that a guest has, or will have from its next start: made by us, by hand or by another tool. */
export interface Lend {
  readonly address: string;
  readonly guest: GuestModel;
  /** In the definition that holds from the next start. */
  readonly configured: boolean;
  /** In the instance that runs now. */
  readonly live: boolean;
  /** Made by vfioctl: its alias says so. */
  readonly ours: boolean;
  readonly managed: boolean;
}

/** The snapshot, indexed: look-ups that every rule and planner needs, computed once. */
export interface HostModel {
  readonly snapshot: Snapshot;
  /** By address, in address order. */
  readonly functions: ReadonlyMap<string, PciFunction>;
  readonly groups: ReadonlyMap<number, Group>;
  /** By the IOMMU group that they are in, the device that they belong to (`0000:00:1b`), and the bridges above them. */
  readonly endpoints: {
    readonly inGroup: ReadonlyMap<number | null, readonly PciFunction[]>;
    readonly inDevice: ReadonlyMap<string, readonly PciFunction[]>;
    readonly behind: ReadonlyMap<string, readonly PciFunction[]>;
  };
  readonly guests: readonly GuestModel[];
  readonly lends: readonly Lend[];
}

export function modelOf(snapshot: Snapshot): HostModel {
  const functions = [...(snapshot.functions ?? [])].sort((a, b) => addressCompare(a.address, b.address));
  const endpoints = functions.filter((f) => !f.bridge);
  const guests = (snapshot.libvirt?.guests ?? []).map(guestOf);
  return {
    snapshot,
    functions: new Map(functions.map((f) => [f.address, f])),
    groups: new Map((snapshot.groups ?? []).map((g) => [g.number, g])),
    endpoints: {
      inGroup: byKey(endpoints, (f) => [f.group]),
      inDevice: byKey(endpoints, (f) => [addressDevice(f.address)]),
      behind: byKey(endpoints, (f) => f.path),
    },
    guests,
    lends: guests.flatMap(lendsOf),
  };
}

function lendsOf(guest: GuestModel): Lend[] {
  const addresses = new Set([...guest.hostdevs, ...guest.liveHostdevs].map((h) => h.source));
  return [...addresses].sort(addressCompare).map((address) => {
    const configured = guest.hostdevs.find((h) => h.source === address);
    const live = guest.liveHostdevs.find((h) => h.source === address);
    const any = configured ?? live!;
    return {
      address,
      guest,
      configured: configured !== undefined,
      live: live !== undefined,
      ours: any.ours,
      managed: any.managed,
    };
  });
}

/** Endpoints that share the function's IOMMU group, itself left out; null when it is in no group. */
export function groupMates(model: HostModel, address: string): PciFunction[] | null {
  const group = model.functions.get(address)?.group;
  if (group === null || group === undefined) return null;
  return (model.endpoints.inGroup.get(group) ?? []).filter((f) => f.address !== address);
}

/** All endpoint functions of the slot that the function sits in, itself included. */
export function deviceFunctions(model: HostModel, address: string): PciFunction[] {
  return [...(model.endpoints.inDevice.get(addressDevice(address)) ?? [])];
}

/** Something of the host that hangs on a function: an interface, a disk, a sound card, a keyboard. */
interface Hanging {
  readonly function: string | null;
}

const hanging = new WeakMap<readonly Hanging[], ReadonlyMap<string | null, readonly Hanging[]>>();

/**
 * What of a section of the snapshot hangs on a function. Every rule asks it for every function, so that each section is
 * gone through once, at the first question.
 */
export function hangingOn<T extends Hanging>(section: readonly T[], address: string): readonly T[] {
  const index = hanging.get(section) ?? byKey(section, (one) => [one.function]);
  hanging.set(section, index);
  return (index.get(address) ?? []) as readonly T[];
}

function byKey<K, T>(all: readonly T[], keysOf: (one: T) => readonly K[]): Map<K, T[]> {
  const index = new Map<K, T[]>();
  for (const one of all) {
    for (const key of keysOf(one)) {
      const under = index.get(key);
      if (under) under.push(one);
      else index.set(key, [one]);
    }
  }
  return index;
}
