/** The fixtures of the rules: one base snapshot, and cases that say what is different and what a rule answers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import type { Question } from '../../src/findings/rule.ts';

export interface Expectation {
  readonly subject: string;
  readonly state: 'found' | 'clear' | 'undecided';
  readonly severity?: string;
  readonly certainty?: string;
  readonly accept?: string | null;
  /** A part of the sentence. */
  readonly why: string;
  /** What the sentence must not say. */
  readonly without?: string;
  /** A part of the remedy's text; null: there must be none. */
  readonly remedy?: string | null;
  readonly command?: string | null;
  readonly cost?: string | null;
  /** A part of source or text of some piece of evidence. */
  readonly evidence?: string;
}

export interface Case {
  readonly name: string;
  readonly question?: Question;
  /** Paths into the snapshot (`functions/0000:00:1b.0/driver`) and their new values; `=key` copies a neighbour. */
  readonly set?: Readonly<Record<string, unknown>>;
  readonly unset?: readonly string[];
  /** Replacements in a text of the snapshot. */
  readonly edit?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  readonly expect: readonly Expectation[];
}

export interface CaseFile {
  readonly source: string;
  readonly cases: readonly Case[];
  readonly messages?: {
    readonly source: string;
    readonly match: readonly string[];
    readonly other: readonly string[];
  };
}

export const HOST_ONLY: Question = { functions: [], guest: null, slot: null };

const folder = join(import.meta.dirname, '../../fixtures/findings');

export function caseFolders(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export function caseFile(rule: string): CaseFile {
  return JSON.parse(readFileSync(join(folder, rule, 'cases.json'), 'utf8'));
}

export function baseSnapshot(): Snapshot {
  return JSON.parse(readFileSync(join(folder, 'base.json'), 'utf8')).snapshot;
}

type Node = Record<string, unknown>;

/** The base snapshot with the case's differences. Edits come before copies, so that a live XML is the edited one. */
export function caseSnapshot(change: Pick<Case, 'set' | 'unset' | 'edit'>): Snapshot {
  const snapshot = baseSnapshot();
  for (const [path, replacements] of Object.entries(change.edit ?? {})) {
    const { node, key } = place(snapshot as unknown as Node, path);
    for (const [from, to] of replacements) {
      const text = String(node[key]);
      if (!text.includes(from)) throw new Error(`${path} has no '${from}'`);
      node[key] = text.replace(from, () => to);
    }
  }
  const found = [
    ...Object.entries(change.set ?? {}).map(([path, value]) => ({ path, value, remove: false })),
    ...(change.unset ?? []).map((path) => ({ path, value: undefined, remove: true })),
  ].map((entry) => ({ ...entry, ...place(snapshot as unknown as Node, entry.path) }));
  for (const { node, key, value, remove } of found) {
    if (remove) delete node[key];
    else node[key] = typeof value === 'string' && value.startsWith('=') ? node[value.slice(1)] : value;
  }
  return snapshot;
}

/** Where a path leads: elements of a list are named by what identifies them. */
function place(root: Node, path: string): { node: Node; key: string } {
  const parts = path.split('/');
  const key = parts.pop()!;
  let node = root;
  for (const part of parts) {
    const next: unknown = Array.isArray(node)
      ? node.find((e: Node) =>
          [e.address, e.uuid, e.name, e.number, e.card].some((id) => String(id) === part),
        )
      : node[part];
    if (next === null || typeof next !== 'object') throw new Error(`${path}: there is no ${part}`);
    node = next as Node;
  }
  return { node, key };
}
