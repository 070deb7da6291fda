import type { Reading } from './host.ts';
import {
  ABSENT,
  entryOf,
  errorReading,
  isEnd,
  type Node,
  nodeOf,
  type TreeEntry,
  type TreeRecord,
} from './tree-node.ts';

export type { TreeEntry, TreeRecord } from './tree-node.ts';

/** Where a path leads once its links are followed: a node, nothing, or a place that nobody recorded. */
type Place =
  | { readonly path: string; readonly node: Node }
  | { readonly path: string; readonly node: 'absent' | 'unknown' };

/** Linux gives up after 40 links (MAXSYMLINKS), and so do we. */
const LINKS_MAX = 40;
/** Why something cannot be read that exists, but was not asked for when the host was recorded. */
export const NOT_RECORDED = 'not in this capture';
const UNKNOWN = { state: 'unreadable', why: NOT_RECORDED } as const;

/**
 * A file system in memory, as a capture records it and as the simulated host changes it. Paths are absolute; links
 * are resolved in every component, so that `/sys/bus/pci/devices/X/driver` works where X is a link. What was never
 * recorded is unreadable, not absent, unless its directory was listed without it.
 */
export class Tree {
  readonly #nodes = new Map<string, Node>([['/', { kind: 'directory', names: new Set(), listed: false }]]);

  static from(record: TreeRecord): Tree {
    const tree = new Tree();
    for (const [path, entry] of Object.entries(record)) tree.#put(path, nodeOf(entry), false);
    return tree;
  }

  /** Canonical paths in sorted order; directories that are only implied by their content are left out. */
  toRecord(): Record<string, TreeEntry> {
    const record: Record<string, TreeEntry> = {};
    for (const path of [...this.#nodes.keys()].sort()) {
      const entry = entryOf(this.#nodes.get(path)!);
      if (entry) record[path] = entry;
    }
    return record;
  }

  read(path: string): Reading<string> {
    const content = this.#content(path);
    if (content.state !== 'read' || typeof content.value === 'string') return content as Reading<string>;
    return { state: 'read', value: Buffer.from(content.value).toString('utf8') };
  }

  readBytes(path: string): Reading<Uint8Array> {
    const content = this.#content(path);
    if (content.state !== 'read') return content;
    return {
      state: 'read',
      value: typeof content.value === 'string' ? Buffer.from(content.value) : content.value,
    };
  }

  list(path: string): Reading<string[]> {
    const { node } = this.#walk(path, true);
    if (node === 'absent') return ABSENT;
    if (node === 'unknown') return UNKNOWN;
    if (node.kind === 'error') return errorReading(node.why);
    if (node.kind !== 'directory') return { state: 'unreadable', why: 'not a directory' };
    return node.listed ? { state: 'read', value: [...node.names].sort() } : UNKNOWN;
  }

  link(path: string): Reading<string> {
    const { node } = this.#walk(path, false);
    if (node === 'absent') return ABSENT;
    if (node === 'unknown') return UNKNOWN;
    if (node.kind === 'error') return errorReading(node.why);
    return node.kind === 'link'
      ? { state: 'read', value: node.target }
      : { state: 'unreadable', why: 'not a link' };
  }

  real(path: string): Reading<string> {
    const place = this.#walk(path, true);
    if (place.node === 'absent') return ABSENT;
    if (place.node === 'unknown')
      return this.#named(place.path) ? { state: 'read', value: place.path } : UNKNOWN;
    // What cannot be read has a place all the same.
    if (place.node.kind === 'error' && place.node.why === 'absent') return ABSENT;
    return { state: 'read', value: place.path };
  }

  /** A name in a listed directory exists, whether or not its content was recorded. */
  exists(path: string): boolean {
    const place = this.#walk(path, true);
    if (place.node === 'absent') return false;
    if (place.node === 'unknown') return this.#named(place.path);
    return place.node.kind !== 'error' || place.node.why !== 'absent';
  }

  /** Writes through links, as open(2) does; missing parents are created. */
  setFile(path: string, content: string | Uint8Array): void {
    this.#put(this.#walk(path, true).path, { kind: 'file', content }, true);
  }

  setLink(path: string, target: string): void {
    this.#put(this.#walk(path, false).path, { kind: 'link', target }, true);
  }

  /** An empty directory; one that is there already stays as it is. */
  setDirectory(path: string): void {
    const place = this.#walk(path, true);
    if (typeof place.node !== 'string' && place.node.kind === 'directory' && place.node.listed) return;
    const names =
      typeof place.node !== 'string' && place.node.kind === 'directory'
        ? place.node.names
        : new Set<string>();
    this.#put(place.path, { kind: 'directory', names, listed: true }, true);
  }

  /** The entry itself (a link, not its target) with all below it; its parent, if listed, forgets the name. */
  remove(path: string): void {
    const canonical = this.#walk(path, false).path;
    for (const key of [...this.#nodes.keys()]) {
      if (key === canonical || key.startsWith(`${canonical}/`)) this.#nodes.delete(key);
    }
    const parent = this.#nodes.get(parentOf(canonical));
    if (parent?.kind === 'directory') parent.names.delete(nameOf(canonical));
  }

  #content(path: string): Reading<string | Uint8Array> {
    const { node } = this.#walk(path, true);
    if (node === 'absent') return ABSENT;
    if (node === 'unknown') return UNKNOWN;
    if (node.kind === 'error') return errorReading(node.why);
    return node.kind === 'file'
      ? { state: 'read', value: node.content }
      : { state: 'unreadable', why: 'not a file' };
  }

  /** Follows links in every component, and in the last one when `last`. */
  #walk(path: string, last: boolean): Place {
    return this.#canonical(path, last) ?? this.#walkParts(path, last);
  }

  /** Nodes are kept by canonical path: what lies in a known directory needs no walk, and that is nearly everything. */
  #canonical(path: string, last: boolean): Place | null {
    const node = this.#nodes.get(path);
    if (path === '/' || (node?.kind === 'link' && last)) return null;
    if (node === undefined) {
      const name = nameOf(path);
      const parent = this.#nodes.get(parentOf(path));
      if (parent?.kind !== 'directory' || name === '' || name === '.' || name === '..') return null;
    }
    return { path, node: node ?? this.#missing(path) };
  }

  #walkParts(path: string, last: boolean): Place {
    let here = '/';
    let rest = path.split('/').filter((part) => part !== '' && part !== '.');
    for (let links = 0; ; ) {
      const part = rest.shift();
      if (part === undefined) return { path: here, node: this.#nodes.get(here) ?? 'unknown' };
      if (part === '..') {
        here = parentOf(here);
        continue;
      }
      const next = here === '/' ? `/${part}` : `${here}/${part}`;
      const node = this.#nodes.get(next);
      const beyond = rest.length > 0;
      if (node?.kind === 'link' && (beyond || last)) {
        if (++links > LINKS_MAX)
          return { path: next, node: { kind: 'error', why: 'too many levels of links' } };
        const target = node.target.split('/').filter((p) => p !== '' && p !== '.');
        if (node.target.startsWith('/')) here = '/';
        rest = [...target, ...rest];
        continue;
      }
      const ends = node === undefined ? this.#missing(next) : beyond && isEnd(node) ? 'absent' : null;
      if (ends) return { path: [next, ...rest].join('/'), node: beyond || node === undefined ? ends : node };
      here = next;
    }
  }

  /** A path without a node: absent when its directory was listed without it, else never recorded. */
  #missing(path: string): 'absent' | 'unknown' {
    const parent = this.#nodes.get(parentOf(path));
    return parent?.kind === 'directory' && parent.listed && !parent.names.has(nameOf(path))
      ? 'absent'
      : 'unknown';
  }

  #named(path: string): boolean {
    const parent = this.#nodes.get(parentOf(path));
    return parent?.kind === 'directory' && parent.listed && parent.names.has(nameOf(path));
  }

  /** Missing parents become directories: complete ones when the tree is changed, merely known ones when it is loaded. */
  #put(path: string, node: Node, listed: boolean): void {
    const before = this.#nodes.get(path);
    if (before?.kind === 'directory' && node.kind === 'directory') {
      for (const name of before.names) node.names.add(name);
    }
    this.#nodes.set(path, node);
    if (path === '/') return;
    const parentPath = parentOf(path);
    const parent = this.#nodes.get(parentPath);
    // A directory that could not be listed keeps its error: its files may be readable all the same.
    if (parent === undefined || (listed && parent.kind === 'error')) {
      this.#put(parentPath, { kind: 'directory', names: new Set(), listed }, listed);
    }
    const directory = this.#nodes.get(parentPath);
    const absent = node.kind === 'error' && node.why === 'absent';
    if (directory?.kind === 'directory' && !absent) directory.names.add(nameOf(path));
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
