import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

export function inputFacts(_look: Look): Snapshot['input'] {
  return undefined;
}
