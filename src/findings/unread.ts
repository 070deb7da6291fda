import { factOf } from '../facts/gap.ts';
import type { Gap } from '../facts/snapshot.ts';
import type { HostModel } from '../model/model.ts';
import type { Finding } from './finding.ts';
import { undecided } from './rule.ts';

/** The gap behind a fact that is missing from the snapshot: which fact, and why nobody knows it. */
export function gapOf(model: HostModel, fact: string, of: string | null = null): Gap {
  const asked = factOf(model.snapshot, fact, of, undefined);
  if (asked.state === 'unread') return asked.gap;
  throw new TypeError(`${fact} was asked for as missing, and is not`);
}

/** `unknown (needs root: sound.openBy)`: one wording for every fact that was not read, here and in verdicts. */
export function unknownText(model: HostModel, gap: Gap): string {
  if (gap.state === 'not-asked') return `unknown (not read: ${gap.fact})`;
  if (!model.snapshot.made.root) return `unknown (needs root: ${gap.fact})`;
  return `unknown (unreadable: ${gap.fact}: ${gap.why})`;
}

/**
 * A rule's answer when a fact that it needs is missing. `severity` is what it would be if found, so that a guard
 * that could not look still refuses.
 */
export function unknown(
  rule: string,
  subject: string,
  severity: Finding['severity'],
  model: HostModel,
  fact: string,
  of: string | null = null,
): Finding {
  const gap = gapOf(model, fact, of);
  const asks = gap.state === 'unreadable' && !model.snapshot.made.root ? ['the same, run as root'] : [];
  return undecided(rule, subject, severity, unknownText(model, gap), asks);
}
