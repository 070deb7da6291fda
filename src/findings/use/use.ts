/** What the host does with a function, and whether it is busy: one file for each kind of use. */
import type { Holder } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import type { Evidence } from '../finding.ts';
import { evidence } from '../rule.ts';

export interface Use {
  /** `eth0`, `sda`, `card0`: what the host loses. */
  readonly name: string;
  /** The host is using it now; otherwise it is only there. */
  readonly busy: boolean;
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
  const gap = model.snapshot.gaps.find((g) => deciding.includes(g.fact));
  return gap ? { state: 'unread', fact: gap.fact, of: gap.subject } : { state: 'read', uses };
}

export function usesUnread(fact: string, of: string | null = null): Uses {
  return { state: 'unread', fact, of };
}

/** A node that is busy when somebody has it open. */
export function useHeld(name: string, node: string, label: string, holders: readonly Holder[]): Use {
  const who = holders.map((h) => `${h.command} (pid ${h.pid})`).join(', ');
  const path = holders[0]?.path ?? node;
  const text = holders.length > 0 ? `${label} is open in ${who}` : `${label} is not open`;
  return { name, busy: holders.length > 0, evidence: evidence(path, text) };
}
