import type { Look } from './look.ts';
import { type NetworkLoad, networkLoads } from './network-loads.ts';
import { networkNamespaces } from './network-namespaces.ts';
import { pciPathOwners } from './pci-path.ts';
import { defaultInterfaces, routesRead } from './route-table.ts';
import type { Snapshot } from './snapshot.ts';

type Interface = NonNullable<Snapshot['network']>[number];

const CLASS = '/sys/class/net';
/** Of /sys/class/net/NAME/flags (include/uapi/linux/if.h). */
const IFF_UP = 0x1;
/** The datapath of Open vSwitch, which its ports belong to; its bridges are no interfaces above that for the kernel. */
const SWITCH = 'ovs-system';
const SWITCH_RUN = '/run/openvswitch';

/** What is so of the whole machine, and decides for each interface. */
interface Traffic {
  readonly names: readonly string[];
  readonly defaults: ReadonlySet<string>;
  /** By the interface that the routes name; an interface below it carries them too. */
  readonly loads: ReadonlyMap<string, readonly NetworkLoad[]>;
}

/** Interfaces; one that hangs on several controllers (below VMD) stands there once for each. */
export function networkFacts(look: Look): Snapshot['network'] {
  const entries = look.list('network', CLASS);
  const four = look.text('network', '/proc/net/route');
  const six = look.text('network', '/proc/net/ipv6_route');
  if (entries === undefined || four === undefined || six === undefined) return undefined;
  // Bonding keeps plain files there.
  const names = (entries ?? []).filter((name) => name !== 'bonding_masters');
  const routes = routesRead(four ?? '', six ?? '');
  const traffic = { names, defaults: defaultInterfaces(routes), loads: networkLoads(look, routes) };
  networkNamespaces(look);
  return names.flatMap((name) => interfaceOf(look, name, traffic));
}

function interfaceOf(look: Look, name: string, { names, defaults, loads }: Traffic): Interface[] {
  const path = `${CLASS}/${name}`;
  const target = look.known('network.function', path, look.host.link(path), name) ?? '';
  const flags = Number(look.text('network.up', `${path}/flags`, name) ?? 0);
  const up = (flags & IFF_UP) !== 0;
  // Of an interface that is down the kernel does not say it (EINVAL).
  const carrier = up ? look.text('network.carrier', `${path}/carrier`, name) : null;
  const uppers = uppersOf(look, name, names);
  const all = [name, ...(uppers ?? [])];
  const facts = {
    name,
    up,
    carrier: carrier == null ? null : carrier === '1',
    master: look.linkName('network.master', `${path}/master`, name) ?? null,
    defaultRoute: all.some((above) => defaults.has(above)),
    ...(uppers === undefined ? {} : { uppers }),
    loads: all.flatMap((above) => loads.get(above) ?? []),
  };
  const owners = pciPathOwners(target);
  return (owners.length > 0 ? owners : [null]).map((fn) => ({ ...facts, function: fn }));
}

/** The nearest first; undefined when those of one on the way cannot be read. */
function uppersOf(look: Look, name: string, names: readonly string[]): string[] | undefined {
  const found: string[] = [];
  const open = [name];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const entries = next === SWITCH ? [] : look.list('network.uppers', `${CLASS}/${next}`, name);
    if (entries === undefined) return undefined;
    // What stands right on it (bridge, bond, team, VLAN, macvlan), the kernel links as `upper_NAME`.
    const linked = (entries ?? [])
      .filter((entry) => entry.startsWith('upper_'))
      .map((entry) => entry.slice(6));
    const above = next === SWITCH ? switchBridges(look, names) : linked;
    const fresh = above.filter((upper) => upper !== name && !found.includes(upper));
    found.push(...fresh);
    open.push(...fresh);
  }
  return found;
}

/** The daemon of the switch keeps a socket for each bridge, and the bridge is an interface of the same name. */
function switchBridges(look: Look, names: readonly string[]): string[] {
  return names.filter((bridge) => look.host.exists(`${SWITCH_RUN}/${bridge}.mgmt`));
}
