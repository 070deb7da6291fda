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
  readonly guests: readonly GuestModel[];
  readonly lends: readonly Lend[];
}

export function modelOf(snapshot: Snapshot): HostModel {
  const functions = [...(snapshot.functions ?? [])].sort((a, b) => addressCompare(a.address, b.address));
  const guests = (snapshot.libvirt?.guests ?? []).map(guestOf);
  return {
    snapshot,
    functions: new Map(functions.map((f) => [f.address, f])),
    groups: new Map((snapshot.groups ?? []).map((g) => [g.number, g])),
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
  return [...model.functions.values()].filter((f) => f.group === group && f.address !== address && !f.bridge);
}

/** All endpoint functions of the slot that the function sits in, itself included. */
export function deviceFunctions(model: HostModel, address: string): PciFunction[] {
  const device = addressDevice(address);
  return [...model.functions.values()].filter((f) => addressDevice(f.address) === device && !f.bridge);
}
