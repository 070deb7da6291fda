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
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../failure.ts';

/**
 * Writes that survive a power cut. A new name is only durable when its directory is synced too (fsync(2)), and a
 * link that somebody planted in place of our file is never followed.
 */
const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

let temporaries = 0;

/** Throws Failure `state-unwritable`. */
export function durableAppend(path: string, text: string): void {
  durably(path, () => {
    const [fd, created] = openAppend(path);
    try {
      writeAll(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (created) syncDirectory(dirname(path));
  });
}

/**
 * The whole file at once: after a power cut it is the old one or the new one. Mode and owner of a file that is
 * there already are kept unless a mode is given; a new file is 0600. Throws Failure `state-unwritable`.
 */
export function durableReplace(path: string, text: string, mode?: number): void {
  durably(path, () => {
    temporaries += 1;
    const temporary = `${path}.vfioctl-${process.pid}-${temporaries}`;
    const before = lstatSync(path, { throwIfNoEntry: false });
    const keep = before?.isFile() ? before : null;
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        writeAll(fd, text);
        const made = fstatSync(fd);
        if (keep && (keep.uid !== made.uid || keep.gid !== made.gid)) fchownSync(fd, keep.uid, keep.gid);
        fchmodSync(fd, mode ?? (keep ? keep.mode & 0o7777 : 0o600));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    }
    syncDirectory(dirname(path));
  });
}

/** Creates it 0700 with its missing parents. Throws Failure `state-unwritable`, also for a link in its place. */
export function durableDirectory(path: string): void {
  durably(path, () => {
    const before = lstatSync(path, { throwIfNoEntry: false });
    if (before?.isDirectory()) return;
    if (before) {
      const what = before.isSymbolicLink() ? 'a symbolic link' : 'no directory';
      throw new Failure('state-unwritable', `${path} is ${what}`, 'move it away, or name another directory');
    }
    const parent = dirname(path);
    // A parent may be a link (/var/run): only the directory itself is ours to judge.
    if (lstatSync(parent, { throwIfNoEntry: false }) === undefined) durableDirectory(parent);
    mkdirSync(path, 0o700);
    syncDirectory(parent);
  });
}

/** A file that is not there already is fine. Throws Failure `state-unwritable`. */
export function durableRemove(path: string): void {
  durably(path, () => {
    try {
      unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    syncDirectory(dirname(path));
  });
}

function openAppend(path: string): [fd: number, created: boolean] {
  try {
    return [openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW), false];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return [openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), true];
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

function syncDirectory(path: string): void {
  const fd = openSync(path, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function durably(path: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ELOOP' ? 'a symbolic link stands in its place' : (code ?? message);
    throw new Failure(
      'state-unwritable',
      `cannot write ${path}: ${why}`,
      'name a place that this user can write; --state-dir is for the records of vfioctl itself',
      error,
    );
  }
}
