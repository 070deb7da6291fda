import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { journalOf } from '../../rig/crash/journal-seen.ts';
import { placeOf } from '../../rig/crash/position.ts';
import { suites } from '../../rig/suites.ts';

const line = (type: string, step?: string): string =>
  JSON.stringify({ seq: 0, at: '', boot: 'b', type, ...(step === undefined ? {} : { step }), before: {} });

test('the crash suite owes at least ten power cuts before, inside and after an act, and thirty in all', () => {
  const crash = suites.crash ?? [];
  const of = (kind: string): number => crash.filter(({ counts }) => counts === kind).length;
  const cuts = ['before', 'inside', 'after'].map((place) => of(`power cuts ${place} an act`));
  assert.ok(
    cuts.every((count) => count >= 10),
    cuts.join(' '),
  );
  assert.ok(cuts.reduce((sum, count) => sum + count, 0) >= 30);
  assert.ok(of('kills of vfioctl') >= 30 && of('kills of virsh') >= 6);
});

test('no two scenarios of a suite have the same name', () => {
  for (const [suite, scenarios] of Object.entries(suites)) {
    assert.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length, suite);
  }
});

test('the harness reads types and steps of a journal, and tells a torn last line', () => {
  const text = `${line('run')}\n${line('intent', 'guest-hostdev 0000:01:00.0 config')}\n`;
  assert.deepEqual(journalOf(`${text} 0a\n`), {
    records: [
      { type: 'run', step: null },
      { type: 'intent', step: 'guest-hostdev 0000:01:00.0 config' },
    ],
    torn: '',
  });
  assert.deepEqual(journalOf(`${line('run')}\n{"seq":1,"at\n 74\n`), {
    records: [{ type: 'run', step: null }],
    torn: '{"seq":1,"at',
  });
  assert.deepEqual(journalOf(''), { records: [], torn: '' });
});

test('the place of a cut is read from the last record and from the tool', () => {
  const last = (type: string) => ({ type, step: 'guest-start' });
  const place = (type: string | null, toolLives = false, toolEnded = false) =>
    placeOf({ last: type === null ? null : last(type), toolLives, toolEnded });
  assert.deepEqual(
    [null, 'run', 'intent', 'undo-intent'].map((type) => place(type)),
    ['before', 'before', 'before', 'before'],
  );
  assert.deepEqual(
    ['outcome', 'undo-outcome', 'end'].map((type) => place(type)),
    ['after', 'after', 'after'],
  );
  assert.equal(place('intent', true), 'inside');
  assert.equal(place('child', true), 'inside');
  assert.equal(place('child', false, true), 'after');
  assert.throws(() => place('child'), /without a tool/);
});

test('the gate is a whole Perl program', () => {
  const program = join(import.meta.dirname, '../../rig/crash/gate.pl');
  const { status, stderr } = spawnSync('perl', ['-c', program], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
