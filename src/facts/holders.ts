import { isDeviceNode } from '../host/device-node.ts';
import type { Look } from './look.ts';
import type { Holder } from './snapshot.ts';

/** Everybody who has a device node open, by /proc/PID/fd, and why some processes could not be looked into. */
interface Holders {
  readonly open: readonly Holder[];
  /** Null when all could. */
  readonly hidden: string | null;
}

/**
 * Who has one of these nodes open, or why nobody can say. One holder is enough to know that a node is busy; that
 * nobody has it takes a look at every process.
 */
export function holdersOf(look: Look, nodes: readonly string[]): Holder[] | string {
  if (nodes.length === 0) return [];
  const { open, hidden } = allHolders(look);
  const holders = open.filter(({ path }) => nodes.includes(path));
  return holders.length > 0 || hidden === null ? holders : hidden;
}

/** One pass over all processes for everyone who asks, and none when there is no node worth asking about. */
function allHolders(look: Look): Holders {
  return look.once('holders', () => {
    const names = look.host.list('/proc');
    if (names.state !== 'read')
      return { open: [], hidden: names.state === 'unreadable' ? names.why : 'no /proc' };
    const pids = names.value.filter((name) => /^\d+$/.test(name)).map(Number);
    // Mounted with hidepid, /proc does not even list the processes of others (proc(5)); the first is always one.
    let hidden =
      look.host.root || pids.includes(1) ? null : 'processes of other users are hidden without root';
    const open: Holder[] = [];
    for (const pid of pids) {
      const paths = nodesOf(look, pid, isDeviceNode);
      if (typeof paths === 'string') hidden = paths;
      else if (paths.length > 0) {
        const comm = look.host.read(`/proc/${pid}/comm`);
        const command = comm.state === 'read' ? comm.value.trim() : 'unknown';
        open.push(...paths.map((path) => ({ pid, command, path })));
      }
    }
    return { open, hidden };
  });
}

/** Device nodes below the prefix that a process has open, each once; or why they cannot be seen. */
export function processNodes(look: Look, pid: number, prefix: string): string[] | string {
  return nodesOf(look, pid, (target) => target.startsWith(prefix));
}

function nodesOf(look: Look, pid: number, wanted: (target: string) => boolean): string[] | string {
  const path = `/proc/${pid}/fd`;
  const fds = look.host.list(path);
  if (fds.state === 'unreadable') return fds.why;
  // A process that has ended meanwhile holds nothing.
  if (fds.state === 'absent') return [];
  const targets = fds.value.flatMap((fd) => {
    const link = look.host.link(`${path}/${fd}`);
    return link.state === 'read' && wanted(link.value) ? [link.value] : [];
  });
  return [...new Set(targets)].sort();
}
