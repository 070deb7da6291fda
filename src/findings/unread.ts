import { factOf, gapOn } from '../facts/gap.ts';
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

/** What the kernel and its tools say to a user who may not look; anything else root would not see either. */
const NOT_ALLOWED = /permission denied|not permitted|without root|access denied|authentication/i;

/** `unknown (needs root: sound.openBy)`: one wording for every fact that was not read, here and in verdicts. */
function unknownText(model: HostModel, gap: Gap): string {
  if (gap.state === 'not-asked') return `unknown (not read: ${gap.fact})`;
  if (needsRoot(model, gap)) return `unknown (needs root: ${gap.fact})`;
  return `unknown (unreadable: ${gap.fact}: ${gap.why})`;
}

export function needsRoot(model: HostModel, gap: Gap): boolean {
  return gap.state === 'unreadable' && !model.snapshot.made.root && NOT_ALLOWED.test(gap.why);
}

/** A gap beside a value that was read, such as a list that may be short: `groups.reservedRegions` of group 7. */
export function gapBeside(model: HostModel, fact: string, of: string | null): boolean {
  return gapOn(model.snapshot, fact, of) !== undefined;
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
  const asks = needsRoot(model, gap) ? ['the same, run as root'] : [];
  return undecided(rule, subject, severity, unknownText(model, gap), asks);
}
