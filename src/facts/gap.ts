import type { Gap, Snapshot } from './snapshot.ts';

/** One fact, asked for through its gap: the only way to tell absent from unread. */
export type Fact<T> =
  | { readonly state: 'read'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'unread'; readonly gap: Gap };

/**
 * `factOf(snapshot, 'functions.driverOverride', address, f.driverOverride)`: the value as it stands in the
 * snapshot, told apart into read, absent (null) and unread (a gap says why).
 */
export function factOf<T>(
  snapshot: Snapshot,
  fact: string,
  subject: string | null,
  value: T | null | undefined,
): Fact<T> {
  if (value === null) return { state: 'absent' };
  if (value !== undefined) return { state: 'read', value };
  const [section = fact] = fact.split('.');
  const gap = gapOn(snapshot, fact, subject) ?? gapOn(snapshot, section, null);
  return {
    state: 'unread',
    gap: gap ?? { fact, subject, state: 'not-asked', path: null, why: 'not asked for' },
  };
}

/** The gap of a fact, of this subject or else of the whole host. */
export function gapOn(snapshot: Snapshot, fact: string, subject: string | null): Gap | undefined {
  const gaps = gapsBySubject(snapshot).get(fact);
  return gaps?.get(subject) ?? gaps?.get(null);
}

/** The first gap of a fact, of whatever subject. */
export function gapAny(snapshot: Snapshot, fact: string): Gap | undefined {
  return gapsBySubject(snapshot).get(fact)?.values().next().value;
}

type GapIndex = ReadonlyMap<string, ReadonlyMap<string | null, Gap>>;
const indexes = new WeakMap<Snapshot, GapIndex>();

/** To a user without root a gap or two stand there for each function, and each is asked for by many rules. */
function gapsBySubject(snapshot: Snapshot): GapIndex {
  const known = indexes.get(snapshot);
  if (known) return known;
  const index = new Map<string, Map<string | null, Gap>>();
  for (const gap of snapshot.gaps) {
    const subjects = index.get(gap.fact) ?? new Map<string | null, Gap>();
    index.set(gap.fact, subjects);
    if (!subjects.has(gap.subject)) subjects.set(gap.subject, gap);
  }
  indexes.set(snapshot, index);
  return index;
}
