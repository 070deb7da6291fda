/** Network files of a constructed host, written as a person would: `eth0 10.0.0.0/24 via 10.0.0.1 metric 100`. */
import { addressRead } from '../../src/facts/network-address.ts';

const FOUR = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const TCP =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

/** /proc/net/route. */
export function fourRoutes(...routes: readonly string[]): string {
  return (
    FOUR +
    routes
      .map(routeOf)
      .map(({ name, network, bits, via, metric, flags }) => {
        const mask = (0xffff_ffffn << BigInt(32 - bits)) & 0xffff_ffffn;
        const set = flags ?? (via === undefined ? '0001' : '0003');
        const at = words(hexOf(via ?? '0.0.0.0'));
        const to = words(hexOf(network));
        return `${name}\t${to}\t${at}\t${set}\t0\t0\t${metric}\t${words(mask.toString(16).padStart(8, '0'))}\t0\t0\t0\n`;
      })
      .join('')
  );
}

/** /proc/net/ipv6_route. */
export function sixRoutes(...routes: readonly string[]): string {
  const none = '0'.repeat(32);
  return routes
    .map(routeOf)
    .map(({ name, network, bits, via, metric, flags }) => {
      const set = flags ?? (via === undefined ? '00000001' : '00000003');
      const prefix = bits.toString(16).padStart(2, '0');
      const cost = metric.toString(16).padStart(8, '0');
      const at = via === undefined ? none : hexOf(via).toLowerCase();
      return `${hexOf(network).toLowerCase()} ${prefix} ${none} 00 ${at} ${cost} 00000001 00000000 ${set} ${name.padStart(8)}\n`;
    })
    .join('');
}

interface SocketLine {
  /** `10.0.0.1:22`, `[fd00::1]:22`. */
  readonly local: string;
  readonly peer: string;
  readonly inode: number;
  /** Established unless told. */
  readonly state?: string;
}

/** /proc/net/tcp, and tcp6 for addresses of IPv6. */
export function sockets(...lines: readonly SocketLine[]): string {
  const end = (text: string) => {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
    return `${words(hexOf(host))}:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`;
  };
  return (
    TCP +
    lines
      .map(({ local, peer, inode, state = '01' }, i) => {
        return `${String(i).padStart(4)}: ${end(local)} ${end(peer)} ${state} 00000000:00000000 02:000AF2C3 00000000     0        0 ${inode} 2 0000000000000000 20 4 30 10 -1\n`;
      })
      .join('')
  );
}

/** An interface: its place below /sys/devices, and what stands right on it. */
export function networkInterface(
  name: string,
  target: string,
  options: {
    readonly up?: boolean;
    readonly carrier?: boolean;
    readonly uppers?: readonly string[];
    readonly type?: number;
  } = {},
): Record<string, string> {
  const { up = true, carrier = true, uppers = [], type = 1 } = options;
  const at = `/sys/devices/${target}/net/${name}`;
  return {
    [`/sys/class/net/${name}`]: `->../../devices/${target}/net/${name}`,
    [`${at}/flags`]: up ? '0x1003\n' : '0x1002\n',
    [`${at}/carrier`]: up ? `${carrier ? 1 : 0}\n` : '!invalid argument',
    [`${at}/type`]: `${type}\n`,
    ...Object.fromEntries(uppers.map((upper) => [`${at}/upper_${upper}`, `->../${upper}`])),
  };
}

/** A process: its descriptors are links to sockets, in order. */
export function processOf(
  pid: number,
  command: string,
  options: {
    readonly parent?: number;
    readonly sockets?: readonly number[];
    readonly environment?: readonly string[];
  } = {},
): Record<string, string> {
  const { parent = 1, sockets: inodes = [], environment } = options;
  return {
    [`/proc/${pid}/comm`]: `${command}\n`,
    [`/proc/${pid}/stat`]: `${pid} (${command}) S ${parent} ${pid} ${pid} 0 -1 4194560 0 0\n`,
    [`/proc/${pid}/fd/0`]: '->/dev/null',
    ...Object.fromEntries(inodes.map((inode, i) => [`/proc/${pid}/fd/${i + 3}`, `->socket:[${inode}]`])),
    ...(environment ? { [`/proc/${pid}/environ`]: environment.map((entry) => `${entry}\0`).join('') } : {}),
  };
}

function routeOf(text: string) {
  const [, name = '', network = '', bits = ''] = /^(\S+) (\S+)\/(\d+)/.exec(text) ?? [];
  return {
    name,
    network,
    bits: Number(bits),
    via: / via (\S+)/.exec(text)?.[1],
    metric: Number(/ metric (\d+)/.exec(text)?.[1] ?? 0),
    flags: / flags (\S+)/.exec(text)?.[1],
  };
}

function hexOf(text: string): string {
  const { family, value } = addressRead(text)!;
  return value
    .toString(16)
    .toUpperCase()
    .padStart(family === 4 ? 8 : 32, '0');
}

/** Each 32-bit word in the order of a little endian processor. */
function words(hex: string): string {
  return hex.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');
}
