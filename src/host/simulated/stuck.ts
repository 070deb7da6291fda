import type { Tree } from '../tree.ts';
import { type Answer, answer } from './answer.ts';
import { domainHostdevs, nodeRead } from './domain-node.ts';
import type { GuestState, SimulatedState } from './state.ts';

/**
 * A task that sleeps in the kernel for ever, because a driver's remove does not return. It keeps the device's lock
 * (device_release_driver), and no signal reaches it.
 */
export interface StuckTask {
  readonly address: string;
  /** The program itself, or null for a thread of libvirtd's: virsh then only waits for its answer. */
  readonly program: { readonly pid: number; readonly startTicks: number; readonly name: string } | null;
  /** The guest whose lock libvirtd holds meanwhile. */
  readonly guest: string | null;
}

/** Somebody has to sleep: whoever runs the program knows who. */
export class DeviceStuck extends Error {
  readonly address: string;

  constructor(address: string) {
    super(`the kernel does not return from ${address}`);
    this.address = address;
  }
}

/** To be called before anything that takes the device's lock. */
export function deviceLocked(state: SimulatedState, address: string): void {
  if (deviceStuck(state, address)) throw new DeviceStuck(address);
}

function deviceStuck(state: SimulatedState, address: string): boolean {
  return state.kernel.stuck.some((task) => task.address === address);
}

/** No deadline is long enough. */
export function hung(): Answer {
  return answer('', 1, '', Number.POSITIVE_INFINITY);
}

/** Verbs that libvirt answers under the locks of its lists of assigned devices (virHostdevManager). */
const OF_DEVICES = new Set(['nodedev-detach', 'nodedev-reattach', 'nodedev-reset']);

/**
 * Does libvirtd answer this, while one of its threads sleeps in the kernel? Not what needs the guest that the thread
 * has locked: listing guests looks into each. And not what assigns a device to anyone.
 */
export function libvirtSilent(
  state: SimulatedState,
  verb: string,
  input: string,
  guest: GuestState | null,
): boolean {
  const threads = state.kernel.stuck.filter((task) => task.program === null);
  if (threads.length === 0) return false;
  const locked = threads.flatMap((task) => task.guest ?? []);
  if (verb === 'list') return locked.length > 0;
  if (verb === 'define') return locked.some((uuid) => input.includes(uuid));
  if (guest !== null && locked.includes(guest.uuid)) return true;
  if (verb === 'start') return guest?.inactive != null && domainHostdevs(nodeRead(guest.inactive)).length > 0;
  return OF_DEVICES.has(verb);
}

export function stuckFiles(tree: Tree, state: SimulatedState): void {
  for (const { program } of state.kernel.stuck) {
    if (program === null) continue;
    tree.setFile(`/proc/${program.pid}/comm`, `${program.name}\n`);
    // State, and when it began (fields 3 and 22); the others do not matter here.
    const fields = ['D', '1', ...Array.from({ length: 17 }, () => '0'), String(program.startTicks), '0'];
    tree.setFile(`/proc/${program.pid}/stat`, `${program.pid} (${program.name}) ${fields.join(' ')}\n`);
  }
}

/** Files of a function that the kernel reads under the device's lock. */
export function lockedFile(state: SimulatedState, path: string): boolean {
  const address = /\/([0-9a-f:.]+)\/(driver_override|reset_method)$/.exec(path)?.[1];
  return address !== undefined && deviceStuck(state, address);
}
