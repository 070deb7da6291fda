import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

export function nodeFacts(_look: Look): Snapshot['nodes'] {
  return undefined;
}
