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
  const section = fact.split('.')[0];
  const gap =
    snapshot.gaps.find((g) => g.fact === fact && g.subject === subject) ??
    snapshot.gaps.find((g) => g.fact === fact && g.subject === null) ??
    snapshot.gaps.find((g) => g.fact === section && g.subject === null);
  return {
    state: 'unread',
    gap: gap ?? { fact, subject, state: 'not-asked', path: null, why: 'not asked for' },
  };
}
