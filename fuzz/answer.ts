import assert from 'node:assert/strict';
import { Failure } from '../src/failure.ts';

/** What a parser answers; undefined when it refused with a Failure. Anything else that it throws is a fault. */
export function answer<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const ACTS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Nothing but line breaks of ours acts on a terminal. */
export function assertHarmless(text: string): void {
  const plain = text.replaceAll('\n', '');
  const at = plain.search(ACTS);
  assert.equal(at, -1, `acts on a terminal: ${JSON.stringify(plain.slice(Math.max(0, at - 80), at + 10))}`);
}
