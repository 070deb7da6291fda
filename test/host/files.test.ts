import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileRead, fileReadBytes } from '../../src/host/files.ts';
import { temporaryDirectory } from './temporary.ts';

const KIB = 1024;

test('files of every size are read whole, and no further than asked', (t) => {
  const path = join(temporaryDirectory(t), 'file');
  for (const size of [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 300 * KIB]) {
    const text = 'abcdefg'.repeat(Math.ceil(size / 7)).slice(0, size);
    writeFileSync(path, text);
    assert.deepEqual(fileRead(path), { state: 'read', value: text }, `${size} bytes`);
    for (const most of [10, 64 * KIB, 100 * KIB])
      assert.deepEqual(
        fileRead(path, most),
        { state: 'read', value: text.slice(0, most) },
        `${size}, ${most}`,
      );
  }
});

test('what was read stays when the next file is read', (t) => {
  const top = temporaryDirectory(t);
  const read = (name: string, text: string) => {
    writeFileSync(join(top, name), text);
    const bytes = fileReadBytes(join(top, name));
    assert.equal(bytes.state, 'read');
    return bytes.value;
  };
  const first = read('first', 'one');
  read('second', 'two');
  assert.equal(Buffer.from(first).toString(), 'one');
});
