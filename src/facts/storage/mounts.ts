import { value } from '../../host/host.ts';
import type { Look } from '../look.ts';

export interface Mount {
  readonly point: string;
  /** `major:minor`; btrfs, ZFS and what is on no device have numbers of their own (`0:31`). */
  readonly dev: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
  /** The process in whose mount namespace it is: `postgres (pid 812)`; null for our own and the one of init. */
  readonly seenBy: string | null;
}

/**
 * What is mounted, for us, for init, and for every other process that has mounts of its own: under sudo, in a unit with
 * a private namespace or in a container one table does not show all. Read once; undefined when our own is unreadable.
 */
export function mountTable(look: Look): readonly Mount[] | undefined {
  return look.once('mounts', () => {
    const own = look.text('storage', '/proc/self/mountinfo');
    if (own === undefined) return undefined;
    const init = look.text('storage.holds', '/proc/1/mountinfo') ?? '';
    const mounts = new Map<string, Mount>();
    const add = (mount: Mount) => {
      const key = `${mount.dev} ${mount.point}`;
      if (!mounts.has(key)) mounts.set(key, mount);
    };
    for (const text of new Set([own ?? '', init])) for (const mount of mountsOf(text, null)) add(mount);
    const known = new Set([...mounts.values()].map((mount) => mount.dev));
    for (const mount of foreignMounts(look)) if (!known.has(mount.dev)) add(mount);
    return [...mounts.values()];
  });
}

/** One table for each mount namespace that is neither ours nor init's; whose it is only root can see. */
function foreignMounts(look: Look): Mount[] {
  const pids = (look.list('storage.holds', '/proc') ?? []).filter((name) => /^\d+$/.test(name));
  const seen = new Set<string>();
  const mounts: Mount[] = [];
  // Mounted with hidepid, /proc does not even list the processes of others (proc(5)).
  const all = look.host.root || pids.length === 0 || pids.includes('1');
  let hidden = all ? null : 'processes of other users are hidden without root';
  // Init's table is read by its pid, also where its namespace has no name for us.
  for (const pid of ['self', ...pids]) {
    const link = look.host.link(`/proc/${pid}/ns/mnt`);
    if (link.state === 'unreadable' && pid !== '1') hidden ??= link.why;
    if (link.state !== 'read' || seen.has(link.value)) continue;
    seen.add(link.value);
    if (pid === 'self' || pid === '1') continue;
    const table = look.text('storage.holds', `/proc/${pid}/mountinfo`) ?? '';
    const command = value(look.host.read(`/proc/${pid}/comm`))?.trim() ?? '?';
    mounts.push(...mountsOf(table, `${command} (pid ${pid})`));
  }
  if (hidden !== null) look.gap('storage.holds', '/proc/PID/ns/mnt', hidden);
  return mounts;
}

/** `id parent major:minor root point options… - type source super`; blanks in names are `\040` (proc_pid_mountinfo(5)). */
function mountsOf(text: string, seenBy: string | null): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , dev, , point] = left.split(' ');
    const [type = '', source = '', options = ''] = right.split(' ');
    if (!dev || !point) return [];
    return [
      {
        point: octalDecode(point),
        dev,
        type,
        source: octalDecode(source),
        options: options.split(','),
        seenBy,
      },
    ];
  });
}

/** `\040` for a blank, in the tables of the kernel and in fstab(5). */
export function octalDecode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** `/data`, and `/data of postgres (pid 812)` where only that process sees it. */
export function mountName({ point, seenBy }: Mount): string {
  return seenBy === null ? point : `${point} of ${seenBy}`;
}

/** The mount that a file of the host lies on: of the longest mount point above it, the one mounted last. */
export function mountAbove(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = (point: string) => point === '/' || path === point || path.startsWith(`${point}/`);
  return mounts
    .filter((mount) => mount.seenBy === null && mount.type !== 'autofs' && above(mount.point))
    .reduce<Mount | undefined>(
      (best, mount) => (best && best.point.length > mount.point.length ? best : mount),
      undefined,
    );
}
