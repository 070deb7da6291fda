import { addressOfWords, type NetworkAddress } from './network-address.ts';

/** One line of the main table of IPv4, or of the tables of IPv6. */
export interface Route {
  readonly family: 4 | 6;
  readonly network: bigint;
  /** Length of the prefix; 0 is a default route. */
  readonly bits: number;
  readonly metric: number;
  readonly interface: string;
  /** By way of a router; else the network is on the link itself. */
  readonly gateway: boolean;
}

/** include/uapi/linux/route.h and ipv6_route.h. */
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_REJECT = 0x200;
const RTF_ANYCAST = 0x0010_0000;
const RTF_LOCAL = 0x8000_0000;

/** Of /proc/net/route and /proc/net/ipv6_route; what leads nowhere, or to this machine itself, is left out. */
export function routesRead(four: string, six: string): Route[] {
  const routes = [...four.split('\n').slice(1).map(fourRoute), ...six.split('\n').map(sixRoute)];
  return routes.filter((route) => route !== null);
}

/**
 * Interfaces by which an address is reached: those of the longest prefix, and of these the ones with the lowest
 * metric. Several for a route of several ways; none where nothing leads there.
 */
export function routeInterfaces(
  routes: readonly Route[],
  to: NetworkAddress,
  { onLink = false }: { readonly onLink?: boolean } = {},
): string[] {
  const matching = routes.filter((route) => matches(route, to) && !(onLink && route.gateway));
  const longest = Math.max(...matching.map((route) => route.bits));
  const exact = matching.filter((route) => route.bits === longest);
  const lowest = Math.min(...exact.map((route) => route.metric));
  return [...new Set(exact.filter((route) => route.metric === lowest).map((route) => route.interface))];
}

/** Interfaces with a default route of either family, also those with a worse metric, which stand in for the others. */
export function defaultInterfaces(routes: readonly Route[]): Set<string> {
  return new Set(routes.filter((route) => route.bits === 0).map((route) => route.interface));
}

function matches({ family, network, bits }: Route, { family: of, value }: NetworkAddress): boolean {
  const rest = BigInt((family === 4 ? 32 : 128) - bits);
  return family === of && network >> rest === value >> rest;
}

function fourRoute(line: string): Route | null {
  const [name = '', destination = '', , flags = '0', , , metric = '0', mask = ''] = line.split('\t');
  const network = addressOfWords(destination);
  const bits = addressOfWords(mask);
  const set = Number.parseInt(flags, 16);
  if (!network || !bits || !leads(set, name)) return null;
  return {
    family: 4,
    network: network.value,
    bits: bits.value.toString(2).replaceAll('0', '').length,
    metric: Number(metric),
    interface: name,
    gateway: (set & RTF_GATEWAY) !== 0,
  };
}

/** In the order of the network, unlike everything else in /proc/net. */
function sixRoute(line: string): Route | null {
  const [network = '', bits = '', , , , metric = '0', , , flags = '0', name = ''] = line.trim().split(/\s+/);
  const set = Number.parseInt(flags, 16);
  if (!/^[0-9a-f]{32}$/.test(network) || !/^[0-9a-f]{2}$/.test(bits) || !leads(set, name)) return null;
  return {
    family: 6,
    network: BigInt(`0x${network}`),
    bits: Number.parseInt(bits, 16),
    metric: Number.parseInt(metric, 16),
    interface: name,
    gateway: (set & RTF_GATEWAY) !== 0,
  };
}

/** A blackhole of IPv4 has `*` for its interface, an unreachable network of IPv6 stands on `lo`. */
function leads(flags: number, name: string): boolean {
  const nowhere = flags & (RTF_REJECT | RTF_ANYCAST | RTF_LOCAL);
  return (flags & RTF_UP) !== 0 && nowhere === 0 && name !== '*' && name !== 'lo';
}
