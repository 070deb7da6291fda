import { dirname } from 'node:path';
import { Failure } from '../../failure.ts';
import type { Disk, DiskFile, DiskStat } from '../disk.ts';
import type { Tree } from '../tree.ts';

/** What no fsync has put on the disk yet: a power cut may take it. */
export interface Unsynced {
  /** Files with bytes that are only in memory, by their present path: what the disk has of them. */
  files: Record<string, string>;
  /** Names made, moved and removed, oldest first. */
  names: NameChange[];
}

export type NameChange =
  | { readonly kind: 'made'; readonly path: string }
  /** `over`: what the disk had at `path` before; null: nothing. */
  | { readonly kind: 'moved'; readonly path: string; readonly from: string; readonly over: string | null }
  | { readonly kind: 'removed'; readonly path: string; readonly was: string };

/** How much of the bytes that were written after the last fsync is found after a power cut. */
export const TAILS = ['none', 'half', 'all-but-newline', 'whole', 'zeros'] as const;
export type Tail = (typeof TAILS)[number];

/** What a power cut leaves of what was not synced: nothing at all, unless it is told. */
export interface Kept {
  readonly tail: Tail;
  /** For each change of names, oldest first: is it on the disk. */
  readonly names: readonly boolean[];
}

export const NOTHING_KEPT: Kept = { tail: 'none', names: [] };

/**
 * The disk of the simulated machine, as fsync(2) promises it and no better. Everybody sees what was written at once;
 * a power cut leaves what was synced, and of the rest whatever it likes. What programs of the machine write (libvirt,
 * grubby) does not come this way: it counts as synced.
 */
export class SimulatedDisk implements Disk {
  readonly #files: Tree;
  readonly #unsynced: Unsynced;

  constructor(files: Tree, unsynced: Unsynced) {
    this.#files = files;
    this.#unsynced = unsynced;
  }

  stat(path: string): DiskStat | null {
    if (this.#files.link(path).state === 'read') return { kind: 'link', mode: 0o777, uid: 0, gid: 0 };
    if (!this.#files.exists(path)) return null;
    return this.#files.read(path).state === 'read'
      ? { kind: 'file', mode: 0o600, uid: 0, gid: 0 }
      : { kind: 'directory', mode: 0o700, uid: 0, gid: 0 };
  }

  open(path: string, how: 'append' | 'create'): DiskFile {
    own(path);
    const before = this.stat(path);
    if (before?.kind === 'link') throw failed('ELOOP');
    if (before?.kind === 'directory') throw failed('EISDIR');
    if (how === 'create') {
      if (before !== null) throw failed('EEXIST');
      this.#parentNeeded(path);
      this.#files.setFile(path, '');
      this.#unsynced.names.push({ kind: 'made', path });
    } else if (before === null) throw failed('ENOENT');
    return {
      stat: () => this.stat(path)!,
      write: (bytes, offset) => this.#write(path, bytes.subarray(offset)),
      own() {},
      permit() {},
      sync: () => {
        delete this.#unsynced.files[path];
      },
      close() {},
    };
  }

  empty(path: string): boolean {
    const names = this.#files.list(path);
    return names.state !== 'read' || names.value.length === 0;
  }

  mkdir(path: string): void {
    own(path);
    if (this.stat(path) !== null) throw failed('EEXIST');
    this.#parentNeeded(path);
    this.#files.setDirectory(path);
    this.#unsynced.names.push({ kind: 'made', path });
  }

  rename(from: string, to: string): void {
    if (this.stat(from)?.kind !== 'file') throw failed('ENOENT');
    if (this.stat(to)?.kind === 'directory') throw failed('EISDIR');
    const { files, names } = this.#unsynced;
    names.push({ kind: 'moved', path: to, from, over: this.#onDisk(to) });
    const content = this.#content(from);
    const synced = files[from];
    delete files[from];
    delete files[to];
    if (synced !== undefined) files[to] = synced;
    this.#files.remove(from);
    this.#files.remove(to);
    this.#files.setFile(to, content);
  }

  unlink(path: string): void {
    if (this.stat(path) === null) throw failed('ENOENT');
    this.#unsynced.names.push({ kind: 'removed', path, was: this.#onDisk(path) ?? '' });
    delete this.#unsynced.files[path];
    this.#files.remove(path);
  }

  syncDirectory(path: string): void {
    if (!this.#files.exists(path)) throw failed('ENOENT');
    this.#unsynced.names = this.#unsynced.names.filter((change) => dirname(change.path) !== path);
  }

  /** Everything is on the disk, as after a shutdown. */
  syncAll(): void {
    this.#unsynced.files = {};
    this.#unsynced.names = [];
  }

  powerCut({ tail, names }: Kept): void {
    for (const [path, synced] of Object.entries(this.#unsynced.files)) {
      const unsynced = Buffer.from(this.#content(path)).subarray(Buffer.byteLength(synced));
      this.#files.setFile(path, synced + tailKept(unsynced, tail));
    }
    for (const [index, change] of [...this.#unsynced.names.entries()].reverse()) {
      if (names[index] !== true) this.#takeBack(change);
    }
    this.syncAll();
  }

  #takeBack(change: NameChange): void {
    const { kind, path } = change;
    if (kind === 'removed') this.#files.setFile(path, change.was);
    if (kind === 'moved') this.#files.setFile(change.from, this.#content(path));
    if (kind !== 'removed') this.#files.remove(path);
    if (kind === 'moved' && change.over !== null) this.#files.setFile(path, change.over);
  }

  #write(path: string, bytes: Uint8Array): number {
    const before = this.#content(path);
    this.#unsynced.files[path] ??= before;
    this.#files.setFile(path, before + Buffer.from(bytes).toString('utf8'));
    return bytes.length;
  }

  #content(path: string): string {
    const reading = this.#files.read(path);
    return reading.state === 'read' ? reading.value : '';
  }

  #onDisk(path: string): string | null {
    return this.stat(path)?.kind === 'file' ? (this.#unsynced.files[path] ?? this.#content(path)) : null;
  }

  #parentNeeded(path: string): void {
    if (!this.#files.exists(dirname(path))) throw failed('ENOENT');
  }
}

/** The same classes for a write(2) that its process did not live to see the end of. */
export function tailKept(bytes: Uint8Array, tail: Tail): string {
  const text = (length: number): string => Buffer.from(bytes.subarray(0, length)).toString('utf8');
  switch (tail) {
    case 'none':
      return '';
    case 'half':
      return text(Math.floor(bytes.length / 2));
    case 'all-but-newline':
      return text(Math.max(0, bytes.length - 1));
    case 'whole':
      return text(bytes.length);
    // The new length reached the disk, the bytes did not.
    case 'zeros':
      return '\0'.repeat(bytes.length);
  }
}

/** For our own files: nothing is ever created where the kernel makes the names. */
function own(path: string): void {
  if (/^\/(proc|sys|dev|run\/libvirt)(\/|$)/.test(path))
    throw new Failure('not-simulated', `not simulated: a file at ${path}`);
}

function failed(code: string): Error {
  return Object.assign(new Error(code), { code });
}
