import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsOf } from '../../../src/host/simulated/console.ts';

test('a typed line is parted as a shell parts it: a quote may begin in the middle of a word', () => {
  const words: readonly (readonly [line: string, words: readonly string[]])[] = [
    [
      "assign --accept storage-in-use='lose /srv' --yes",
      ['assign', '--accept', 'storage-in-use=lose /srv', '--yes'],
    ],
    ['  cat   "/a b"/c\\ d ', ['cat', '/a b/c d']],
    ['', []],
    ["''", ['']],
  ];
  for (const [line, wanted] of words) assert.deepEqual(wordsOf(line), wanted, line);
  // As `to insist:` writes words that hold a quote.
  assert.deepEqual(wordsOf("--accept function-lent='share with my'\\''s'"), [
    '--accept',
    "function-lent=share with my's",
  ]);
});
