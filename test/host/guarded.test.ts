import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveHost } from '../../src/host/live.ts';
import { fill, temporaryDirectory } from './temporary.ts';

test('many small files by one child: text, empty, absent, many lines', async (t) => {
  const top = temporaryDirectory(t);
  fill(top, { 'a:b': '(null)\n', empty: '', two: 'flr pm\nbus\n' });
  const path = (name: string) => join(top, name);
  const paths = ['a:b', 'empty', 'gone', 'two'].map(path);
  const answers = await liveHost().readGuarded(paths);
  assert.deepEqual([...answers.keys()].sort(), [...paths].sort());
  assert.deepEqual(answers.get(path('a:b')), { state: 'read', value: '(null)\n' });
  assert.deepEqual(answers.get(path('empty')), { state: 'read', value: '' });
  assert.deepEqual(answers.get(path('gone')), { state: 'absent' });
  assert.deepEqual(answers.get(path('two')), { state: 'read', value: 'flr pm\nbus\n' });
  assert.equal((await liveHost().readGuarded([])).size, 0);
});

test('a path that never answers is skipped; those before and after it are read', async (t) => {
  const top = temporaryDirectory(t);
  fill(top, { first: 'e1000e\n', second: '', last: 'vfio-pci\n' });
  // Opening a pipe that nobody writes to hangs, as a device does whose lock is held in the kernel.
  const stuck = join(top, 'stuck');
  assert.equal((await liveHost().run(['mkfifo', stuck])).code, 0);
  const paths = [join(top, 'first'), join(top, 'second'), stuck, join(top, 'last')];
  const begun = performance.now();
  const answers = await liveHost().readGuarded(paths, 300);
  assert.ok(performance.now() - begun < 5000);
  assert.deepEqual(answers.get(paths[0]!), { state: 'read', value: 'e1000e\n' });
  assert.deepEqual(
    answers.get(paths[1]!),
    { state: 'read', value: '' },
    'an empty file before it is not blamed',
  );
  const silence = answers.get(stuck);
  assert.equal(silence?.state, 'unreadable');
  assert.match(silence?.state === 'unreadable' ? silence.why : '', /did not answer/);
  assert.deepEqual(answers.get(paths[3]!), { state: 'read', value: 'vfio-pci\n' });
});
