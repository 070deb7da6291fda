import { dirname } from 'node:path';
import { Failure } from '../failure.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { Host } from './host.ts';

let temporaries = 0;

/**
 * Writes that survive a power cut, on whichever disk. A new name is only durable when its directory is synced too
 * (fsync(2)), and a link that somebody planted in place of our file is never followed. All throw Failure
 * `state-unwritable`.
 */
export function durable(disk: Disk): Pick<Host, 'append' | 'replace' | 'makeDirectory' | 'remove'> {
  return {
    append: (path, text) => durably(path, () => append(disk, path, text)),
    replace: (path, text, mode) => durably(path, () => replace(disk, path, text, mode)),
    makeDirectory(path) {
      durably(path, () => {
        directoryMake(disk, path);
        // One that is empty may be what a killed vfioctl made last, and never synced.
        if (!disk.empty(path)) return;
        for (let above = dirname(path); ; above = dirname(above)) {
          disk.syncDirectory(above);
          if (above === dirname(above)) return;
        }
      });
    },
    remove(path) {
      durably(path, () => {
        if (disk.stat(path) === null) return;
        disk.unlink(path);
        disk.syncDirectory(dirname(path));
      });
    },
  };
}

function append(disk: Disk, path: string, text: string): void {
  const created = disk.stat(path) === null;
  const file = disk.open(path, created ? 'create' : 'append');
  try {
    writeAll(file, text);
    file.sync();
  } finally {
    file.close();
  }
  if (created) disk.syncDirectory(dirname(path));
}

/** The whole file at once: after a power cut it is the old one or the new one. Mode and owner are kept. */
function replace(disk: Disk, path: string, text: string, mode: number | undefined): void {
  temporaries += 1;
  const temporary = `${path}.vfioctl-${process.pid}-${temporaries}`;
  const before = disk.stat(path);
  const keep = before?.kind === 'file' ? before : null;
  const file = disk.open(temporary, 'create');
  try {
    try {
      writeAll(file, text);
      const made = file.stat();
      if (keep && (keep.uid !== made.uid || keep.gid !== made.gid)) file.own(keep.uid, keep.gid);
      file.permit(mode ?? keep?.mode ?? 0o600);
      file.sync();
    } finally {
      file.close();
    }
    disk.rename(temporary, path);
  } catch (error) {
    disk.unlink(temporary);
    throw error;
  }
  disk.syncDirectory(dirname(path));
}

function directoryMake(disk: Disk, path: string): void {
  const before = disk.stat(path);
  if (before?.kind === 'directory') return;
  if (before) {
    const what = before.kind === 'link' ? 'a symbolic link' : 'no directory';
    throw new Failure('state-unwritable', `${path} is ${what}`, 'move it away, or name another directory');
  }
  const parent = dirname(path);
  // A parent may be a link (/var/run): only the directory itself is ours to judge.
  if (disk.stat(parent) === null) directoryMake(disk, parent);
  disk.mkdir(path);
}

function writeAll(file: DiskFile, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += file.write(bytes, written);
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
