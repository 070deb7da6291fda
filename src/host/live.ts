import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { Failure } from '../failure.ts';
import { directoryExposed, liveDisk } from './disk.ts';
import { durable } from './durable.ts';
import { fileLink, fileList, fileRead, fileReadBytes, fileReal } from './files.ts';
import { GUARDED_MS, readGuarded } from './guarded.ts';
import type { Host } from './host.ts';
import { lockTake } from './lock.ts';
import { processRun } from './process.ts';

/** Root's own, on a file system that a reboot empties: no user can squat the lock, and no boot inherits it. */
const RUN_DIRECTORY = '/run/vfioctl';

/** The machine that we run on. `runDirectory` holds the lock. */
export function liveHost(runDirectory: string = RUN_DIRECTORY): Host {
  const root = process.getuid?.() === 0;
  return {
    origin: { kind: 'live', name: hostname() },
    writable: root,
    root,
    read: fileRead,
    readBytes: fileReadBytes,
    list: fileList,
    link: fileLink,
    real: fileReal,
    exists: existsSync,
    readGuarded: (paths, deadlineMs = GUARDED_MS) => readGuarded(processRun, paths, deadlineMs),
    run: processRun,
    write: writeOnce,
    ...durable(liveDisk),
    exposed: (directory) => directoryExposed(liveDisk, directory),
    lock: (purpose) => lockTake(runDirectory, purpose),
    now: () => new Date(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/** sysfs takes one write(2) as one command; the file must be there, or the device is not. */
function writeOnce(path: string, text: string): void {
  try {
    const fd = openSync(path, constants.O_WRONLY);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(
      'step-failed',
      `cannot write '${text.trim()}' to ${path}: ${code ?? message}`,
      '',
      error,
    );
  }
}
