import { constants, lstatSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileLink, fileList, fileRead, fileReadBytes } from './files.ts';
import type { Host, Reading } from './host.ts';
import { readOnly } from './read-only.ts';

const LINKS_MAX = 40;
const ABSENT = { state: 'absent' } as const;

/**
 * Any directory taken as the root of a machine, such as an unpacked sysfs or a mounted disk. Read-only. Links are
 * resolved inside it, absolute ones too, so that none of them leads out; it runs nothing.
 */
export function rootHost(directory: string): Host {
  const top = resolve(directory);
  const at = <T>(path: string, last: boolean, read: (real: string) => Reading<T>): Reading<T> => {
    const place = walk(top, path, last);
    return place.state === 'read' ? read(join(top, place.value)) : place;
  };
  const read = (path: string, maxBytes?: number) =>
    at(path, true, (real) => fileRead(real, maxBytes, constants.O_NOFOLLOW));
  return {
    ...readOnly(top),
    origin: { kind: 'root', name: top },
    root: process.getuid?.() === 0,
    read,
    readBytes: (path, maxBytes) =>
      at(path, true, (real) => fileReadBytes(real, maxBytes, constants.O_NOFOLLOW)),
    list: (path) => at(path, true, fileList),
    link: (path) => at(path, false, fileLink),
    real: (path) => walk(top, path, true),
    exists: (path) => walk(top, path, true).state === 'read',
    // Plain files take no device's lock.
    readGuarded: async (paths) => new Map(paths.map((path) => [path, read(path)])),
    run: async (argv) => {
      const stderr = `${argv[0]}: nothing can be run on a directory\n`;
      return { argv, code: null, stdout: '', stderr, ms: 0, timedOut: false };
    },
    now: () => new Date(),
  };
}

/** The path below `top` with every link resolved as if `top` were the root. */
function walk(top: string, path: string, last: boolean): Reading<string> {
  let here = '/';
  const rest = parts(path);
  for (let links = 0; rest.length > 0; ) {
    const part = rest.shift()!;
    if (part === '..') {
      here = join(here, '..');
      continue;
    }
    const next = join(here, part);
    try {
      const stat = lstatSync(join(top, next));
      if (!stat.isSymbolicLink() || (rest.length === 0 && !last)) {
        here = next;
        continue;
      }
      if (++links > LINKS_MAX) return { state: 'unreadable', why: 'too many levels of links' };
      const target = readlinkSync(join(top, next));
      if (target.startsWith('/')) here = '/';
      rest.unshift(...parts(target));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR'
        ? ABSENT
        : { state: 'unreadable', why: code ?? 'unknown' };
    }
  }
  return { state: 'read', value: here };
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
