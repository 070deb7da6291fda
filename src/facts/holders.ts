import type { Look } from './look.ts';
import type { Holder } from './snapshot.ts';

/** Everybody who has a device node open, by /proc/PID/fd, and how many processes did not let us look. */
export interface Holders {
  readonly open: readonly Holder[];
  /** Why some processes could not be looked into; null when all could. */
  readonly hidden: string | null;
}

/** One pass over all processes: only asked for when there is a node worth asking about. */
export function nodeHolders(look: Look, prefix: '/dev/dri/'): Holders {
  return look.once(`holders ${prefix}`, () => {
    const open: Holder[] = [];
    let hidden: string | null = null;
    const names = look.host.list('/proc');
    if (names.state !== 'read')
      return { open, hidden: names.state === 'unreadable' ? names.why : 'no /proc' };
    for (const pid of names.value.filter((name) => /^\d+$/.test(name))) {
      const paths = processNodes(look, Number(pid), prefix);
      if (typeof paths === 'string') hidden = paths;
      else if (paths.length > 0) {
        const comm = look.host.read(`/proc/${pid}/comm`);
        const command = comm.state === 'read' ? comm.value.trim() : 'unknown';
        open.push(...paths.map((path) => ({ pid: Number(pid), command, path })));
      }
    }
    return { open, hidden };
  });
}

/** Device nodes below the prefix that a process has open, each once; or why they cannot be seen. */
export function processNodes(look: Look, pid: number, prefix: string): string[] | string {
  const path = `/proc/${pid}/fd`;
  const fds = look.host.list(path);
  if (fds.state === 'unreadable') return fds.why;
  // A process that has ended meanwhile holds nothing.
  if (fds.state === 'absent') return [];
  const targets = fds.value.flatMap((fd) => {
    const link = look.host.link(`${path}/${fd}`);
    return link.state === 'read' && link.value.startsWith(prefix) ? [link.value] : [];
  });
  return [...new Set(targets)].sort();
}
