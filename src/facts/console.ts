import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

export function consoleFacts(_look: Look): Snapshot['console'] {
  return undefined;
}
