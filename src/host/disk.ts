import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';

/**
 * The calls that a durable write is made of: whatever ends a process or a machine falls between two of them, so that
 * the simulated disk can end it at each. All throw an error with the kernel's `code`.
 */
export interface Disk {
  /** What stands at the path itself, links not followed; null: nothing does. */
  stat(path: string): DiskStat | null;
  /** `append` to what is there, or `create` what is not (0600). A link in its place is never followed: ELOOP. */
  open(path: string, how: 'append' | 'create'): DiskFile;
  /** Nothing is in that directory. */
  empty(path: string): boolean;
  /** One directory, 0700. */
  mkdir(path: string): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** fsync(2) of a directory: what was made, renamed or removed in it is on the disk then. */
  syncDirectory(path: string): void;
}

export interface DiskFile {
  stat(): DiskStat;
  /** One write(2) of what stands from `offset` on: how many bytes it took. */
  write(bytes: Uint8Array, offset: number): number;
  own(uid: number, gid: number): void;
  permit(mode: number): void;
  /** fsync(2): its bytes are on the disk then; its name is only when its directory is synced. */
  sync(): void;
  close(): void;
}

export interface DiskStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const HOW = { append: O_WRONLY | O_APPEND | O_NOFOLLOW, create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW };

/** A sentence about a directory that somebody else may change, or that a link leads to; null when nobody may. */
export function directoryExposed(disk: Disk, directory: string): string | null {
  const stat = disk.stat(directory);
  if (stat === null) return null;
  if (stat.kind === 'link') return 'it is a symbolic link';
  if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) return `it belongs to user ${stat.uid}`;
  return (stat.mode & 0o022) === 0 ? null : `others may write to it (mode ${stat.mode.toString(8)})`;
}

/** The file systems of the machine that we run on. */
export const liveDisk: Disk = {
  stat(path) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? null : statOf(stats);
  },
  open: (path, how) => liveFile(openSync(path, HOW[how], 0o600)),
  empty: (path) => readdirSync(path).length === 0,
  mkdir: (path) => mkdirSync(path, 0o700),
  rename: renameSync,
  unlink: unlinkSync,
  syncDirectory(path) {
    const fd = openSync(path, O_RDONLY | O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
};

function liveFile(fd: number): DiskFile {
  return {
    stat: () => statOf(fstatSync(fd)),
    write: (bytes, offset) => writeSync(fd, bytes, offset),
    own: (uid, gid) => fchownSync(fd, uid, gid),
    permit: (mode) => fchmodSync(fd, mode),
    sync: () => fsyncSync(fd),
    close: () => closeSync(fd),
  };
}

function statOf(stats: Stats): DiskStat {
  const kind = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'link'
        : 'other';
  return { kind, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
}
