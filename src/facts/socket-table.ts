import type { Look } from './look.ts';
import { addressOfWords, type NetworkAddress } from './network-address.ts';

/** A TCP connection between this machine and another one. */
export interface Connection {
  readonly local: NetworkAddress;
  readonly localPort: number;
  readonly peer: NetworkAddress;
  readonly peerPort: number;
  /** What a descriptor of its owner names: `socket:[INODE]`. */
  readonly inode: string;
}

/** TCP_ESTABLISHED (include/net/tcp_states.h). */
const ESTABLISHED = '01';
/** A line takes 150 bytes: more than 200,000 sockets. */
const TABLE_MAX = 32 * 1024 * 1024;

/** Established connections of both families; undefined after a gap was noted. */
export function connections(look: Look, fact: string): Connection[] | undefined {
  return look.once('connections', () => {
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => look.text(fact, path, null, TABLE_MAX));
    // A kernel without IPv6 has no table of it.
    return tables.includes(undefined) ? undefined : tables.flatMap((text) => connectionsRead(text ?? ''));
  });
}

/** `sl local:port peer:port state …`, inode in the tenth column. */
function connectionsRead(text: string): Connection[] {
  return text.split('\n').flatMap((line) => {
    const [, here = '', there = '', state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== ESTABLISHED || inode === undefined) return [];
    const [local, localPort] = endOf(here);
    const [peer, peerPort] = endOf(there);
    return local && peer ? [{ local, localPort, peer, peerPort, inode }] : [];
  });
}

/** Inodes of the sockets that a process holds; or why they cannot be seen. */
export function processSockets(look: Look, pid: number): Set<string> | string {
  const path = `/proc/${pid}/fd`;
  const fds = look.host.list(path);
  if (fds.state === 'unreadable') return fds.why;
  if (fds.state === 'absent') return new Set();
  return new Set(
    fds.value.flatMap((fd) => {
      const link = look.host.link(`${path}/${fd}`);
      const inode = link.state === 'read' ? /^socket:\[(\d+)\]$/.exec(link.value)?.[1] : undefined;
      return inode === undefined ? [] : [inode];
    }),
  );
}

function endOf(text: string): [NetworkAddress | null, number] {
  const [address = '', port = ''] = text.split(':');
  return [addressOfWords(address), Number.parseInt(port, 16)];
}
