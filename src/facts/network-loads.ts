import type { Look } from './look.ts';
import {
  addressEqual,
  addressLinkLocal,
  addressLoopback,
  addressRead,
  addressText,
  type NetworkAddress,
} from './network-address.ts';
import { networkDisks } from './network-disks.ts';
import { networkMounts } from './network-mounts.ts';
import { defaultInterfaces, type Route, routeInterfaces } from './route-table.ts';
import type { Snapshot } from './snapshot.ts';
import { sshSessions } from './ssh-sessions.ts';

export type NetworkLoad = NonNullable<NonNullable<Snapshot['network']>[number]['loads']>[number];

/** What reaches another machine, and the two ends of the way; our own end where it is known. */
export interface Reach extends Pick<NetworkLoad, 'kind' | 'what'> {
  readonly ends: readonly { readonly peer: NetworkAddress; readonly local: NetworkAddress | null }[];
}

const FACT = 'network.loads';
/** ARPHRD_ETHER, ARPHRD_LOOPBACK, ARPHRD_INFINIBAND (include/uapi/linux/if_arp.h). */
const HARDWARE = ['1', '772', '32'];

/** What this machine reaches others for, by the interfaces that the routes choose. */
export function networkLoads(look: Look, routes: readonly Route[]): Map<string, NetworkLoad[]> {
  const loads = new Map<string, NetworkLoad[]>();
  const reaches = [...sshSessions(look), ...networkMounts(look), ...networkDisks(look)];
  for (const { kind, what, ends } of reaches) {
    for (const { peer, local } of ends.filter((end) => !addressLoopback(end.peer))) {
      const load = { kind, peer: addressText(peer), what };
      const names = carriers(look, routes, peer, local);
      if (names.length === 0) look.gap(FACT, null, `no route leads to ${load.peer} (${what})`);
      for (const name of names) {
        const known = loads.get(name) ?? [];
        if (known.some((l) => l.kind === kind && l.peer === load.peer && l.what === what)) continue;
        loads.set(name, [...known, load]);
      }
    }
  }
  return loads;
}

/** The interface towards the other side, and the one that has our own address: without either it is gone. */
function carriers(
  look: Look,
  routes: readonly Route[],
  peer: NetworkAddress,
  local: NetworkAddress | null,
): string[] {
  const own = local === null ? [] : addressInterfaces(look, local);
  if (addressLinkLocal(peer) && own.length > 0) return own;
  const here = local === null ? [] : routeInterfaces(routes, local, { onLink: true });
  const names = new Set([...routeInterfaces(routes, peer), ...here, ...own]);
  // What a tunnel packs in leaves the machine in packets of its own, and those by a default route at the latest.
  if ([...names].some((name) => isTunnel(look, name))) {
    for (const name of defaultInterfaces(routes)) names.add(name);
  }
  return [...names];
}

/** Interfaces that have an address of IPv6: `address index bits scope flags name`. */
function addressInterfaces(look: Look, address: NetworkAddress): string[] {
  if (address.family === 4) return [];
  const text = look.once('if_inet6', () => look.text(FACT, '/proc/net/if_inet6')) ?? '';
  return text.split('\n').flatMap((line) => {
    const [hex = '', , , , , name = ''] = line.trim().split(/\s+/);
    const here = addressRead(hex.replace(/(.{4})(?!$)/g, '$1:'));
    return here && addressEqual(here, address) && name !== 'lo' ? [name] : [];
  });
}

function isTunnel(look: Look, name: string): boolean {
  const type = look.text(FACT, `/sys/class/net/${name}/type`, name);
  return typeof type === 'string' && !HARDWARE.includes(type);
}
