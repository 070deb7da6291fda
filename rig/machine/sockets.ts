import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder for the sockets of one machine. They lie apart from its files, since the path of a UNIX socket has at most
 * 107 characters (unix(7)); the folder is named for us, so that one that we did not live to remove can be told.
 */
export function socketFolder(folder = tmpdir()): string {
  return mkdtempSync(join(folder, `rig-${process.pid}-`));
}

/** Removes the socket folders of runs that were interrupted: their process is no more. */
export function forgetSockets(folder = tmpdir()): void {
  for (const name of readdirSync(folder)) {
    const pid = /^rig-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}
