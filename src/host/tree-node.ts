import type { Reading } from './host.ts';

/**
 * One path of a recorded file system: text, bytes (base64), link target, names in a directory, or why it could not
 * be read (`absent`, or `denied: why`).
 */
export type TreeEntry =
  | { readonly f: string }
  | { readonly b: string }
  | { readonly l: string }
  | { readonly d: readonly string[] }
  | { readonly e: string };

export type TreeRecord = Readonly<Record<string, TreeEntry>>;

export type Node =
  | { readonly kind: 'file'; readonly content: string | Uint8Array }
  | { readonly kind: 'link'; readonly target: string }
  /** `listed`: the names are all that there are; else the directory is only known to exist. */
  | { readonly kind: 'directory'; readonly names: Set<string>; readonly listed: boolean }
  | { readonly kind: 'error'; readonly why: string };

export const ABSENT = { state: 'absent' } as const;

export function nodeOf(entry: TreeEntry): Node {
  if ('f' in entry) return { kind: 'file', content: entry.f };
  if ('b' in entry) return { kind: 'file', content: new Uint8Array(Buffer.from(entry.b, 'base64')) };
  if ('l' in entry) return { kind: 'link', target: entry.l };
  if ('d' in entry) return { kind: 'directory', names: new Set(entry.d), listed: true };
  return { kind: 'error', why: entry.e };
}

export function entryOf(node: Node): TreeEntry | null {
  if (node.kind === 'link') return { l: node.target };
  if (node.kind === 'error') return { e: node.why };
  if (node.kind === 'directory') return node.listed ? { d: [...node.names].sort() } : null;
  return typeof node.content === 'string'
    ? { f: node.content }
    : { b: Buffer.from(node.content).toString('base64') };
}

/** Nothing can lie below it. */
export function isEnd(node: Node): boolean {
  return node.kind === 'file' || (node.kind === 'error' && node.why === 'absent');
}

export function errorReading(why: string): Reading<never> {
  return why === 'absent' ? ABSENT : { state: 'unreadable', why };
}
