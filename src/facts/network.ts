import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';
import type { Snapshot } from './snapshot.ts';

type Interface = NonNullable<Snapshot['network']>[number];

const CLASS = '/sys/class/net';
/** Of /sys/class/net/NAME/flags (include/uapi/linux/if.h). */
const IFF_UP = 0x1;
/** Of the route tables' flags. */
const RTF_UP = 0x1;

/** Interfaces; one that hangs on several controllers (below VMD) stands there once for each. */
export function networkFacts(look: Look): Snapshot['network'] {
  const names = look.list('network', CLASS);
  if (names === undefined) return undefined;
  const defaults = defaultInterfaces(look);
  if (defaults === undefined) return undefined;
  // Bonding keeps plain files there.
  return (names ?? [])
    .filter((name) => name !== 'bonding_masters')
    .flatMap((name) => interfaceOf(look, name, defaults));
}

function interfaceOf(look: Look, name: string, defaults: ReadonlySet<string>): Interface[] {
  const path = `${CLASS}/${name}`;
  const target = look.known('network.function', path, look.host.link(path), name) ?? '';
  const flags = Number(look.text('network.up', `${path}/flags`, name) ?? 0);
  const up = (flags & IFF_UP) !== 0;
  // Of an interface that is down the kernel does not say it (EINVAL).
  const carrier = up ? look.text('network.carrier', `${path}/carrier`, name) : null;
  const facts = {
    name,
    up,
    carrier: carrier == null ? null : carrier === '1',
    master: look.linkName('network.master', `${path}/master`, name) ?? null,
    defaultRoute: carries(look, name, defaults),
  };
  const owners = pciPathOwners(target);
  return (owners.length > 0 ? owners : [null]).map((fn) => ({ ...facts, function: fn }));
}

/** Itself, or a bridge, bond or VLAN above it: the kernel links those as `upper_NAME`. */
function carries(look: Look, name: string, defaults: ReadonlySet<string>, depth = 0): boolean {
  if (defaults.has(name)) return true;
  if (depth > 8) return false;
  const entries = look.list('network.defaultRoute', `${CLASS}/${name}`, name) ?? [];
  return entries
    .filter((entry) => entry.startsWith('upper_'))
    .some((entry) => carries(look, entry.slice('upper_'.length), defaults, depth + 1));
}

function defaultInterfaces(look: Look): Set<string> | undefined {
  const four = look.text('network', '/proc/net/route');
  const six = look.text('network', '/proc/net/ipv6_route');
  if (four === undefined || six === undefined) return undefined;
  const names = new Set<string>();
  for (const line of (four ?? '').split('\n').slice(1)) {
    const [name = '', destination, , flags = '0', , , , mask] = line.split('\t');
    if (destination === '00000000' && mask === '00000000' && (Number.parseInt(flags, 16) & RTF_UP) !== 0)
      names.add(name);
  }
  for (const line of (six ?? '').split('\n')) {
    const fields = line.trim().split(/\s+/);
    const name = fields[9];
    const all = /^0{32}$/.test(fields[0] ?? '') && fields[1] === '00';
    // The kernel keeps an unreachable default on the loopback interface.
    if (all && name !== undefined && name !== 'lo' && (Number.parseInt(fields[8] ?? '0', 16) & RTF_UP) !== 0)
      names.add(name);
  }
  return names;
}
