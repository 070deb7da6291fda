/** What the host does with a function, and whether it is busy: one file for each kind of use. */
import { gapAny } from '../../facts/gap.ts';
import type { Holder } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import type { Evidence } from '../finding.ts';
import { evidence } from '../rule.ts';

export interface Use {
  /** `eth0`, `sda`, `card0`: what the host loses. */
  readonly name: string;
  /** The host is using it now; otherwise it is only there. */
  readonly busy: boolean;
  /** The host does not live on without it. */
  readonly vital?: boolean;
  readonly evidence: Evidence;
}

/** All uses of one kind, or the fact that is missing to tell. */
export type Uses =
  | { readonly state: 'read'; readonly uses: readonly Use[] }
  | { readonly state: 'unread'; readonly fact: string; readonly of: string | null };

/**
 * The uses, unless all look idle and one of the facts that would tell otherwise was not read.
 */
export function usesRead(model: HostModel, uses: readonly Use[], deciding: readonly string[]): Uses {
  if (uses.some((use) => use.busy)) return { state: 'read', uses };
  const gap = deciding.map((fact) => gapAny(model.snapshot, fact)).find((found) => found !== undefined);
  return gap ? { state: 'unread', fact: gap.fact, of: gap.subject } : { state: 'read', uses };
}

export function usesUnread(fact: string, of: string | null = null): Uses {
  return { state: 'unread', fact, of };
}

/** On a desktop every window has the render node open. */
const HOLDERS_SHOWN = 3;

/** A node that is busy when somebody has it open. */
export function useHeld(name: string, node: string, label: string, holders: readonly Holder[]): Use {
  const who = holders.slice(0, HOLDERS_SHOWN).map((h) => `${h.command} (pid ${h.pid})`);
  const more = holders.length - who.length;
  const path = holders[0]?.path ?? node;
  const text =
    holders.length > 0
      ? `${label} is open in ${who.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
      : `${label} is not open`;
  return { name, busy: holders.length > 0, evidence: evidence(path, text) };
}
