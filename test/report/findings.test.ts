import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { clear, found, undecided } from '../../src/findings/rule.ts';
import { findingText } from '../../src/report/findings.ts';
import { styleOf } from '../../src/report/terminal.ts';

const options = { style: styleOf(false), columns: 80, verbose: false };
const guard = (accept: string | null) =>
  found('storage-in-use', '0000:00:1f.2', { severity: 'guard', why: 'the host uses it', accept });

test('a guard says how to insist, and that nothing helps where nothing does', () => {
  assert.deepEqual(findingText(guard('lose /srv'), options), [
    '  ✗ the host uses it',
    "      to insist: --accept storage-in-use='lose /srv'",
  ]);
  assert.deepEqual(findingText(guard(null), options), [
    '  ✗ the host uses it',
    '      no words override this',
  ]);
});

test('what could not be decided names its rule, since the reason names only a fact', () => {
  const finding = undecided('storage-in-use', 'x', 'guard', 'unknown (needs root: storage)', [
    'the same, run as root',
  ]);
  assert.deepEqual(findingText(finding, options), [
    '  ? storage-in-use: unknown (needs root: storage)',
    '      the same, run as root',
  ]);
});

test('evidence that the sentence already tells is only said to be where it is', () => {
  const seen = [
    { source: '/sys/block/sda', line: null, text: 'sda holds /srv' },
    { source: '/etc/fstab', line: 3, text: 'UUID=1 /srv' },
  ];
  const finding = found('storage-in-use', 'x', {
    severity: 'warning',
    why: 'the host uses it: sda holds /srv',
    evidence: seen,
  });
  assert.deepEqual(findingText(finding, options).slice(1), [
    '      /sys/block/sda',
    '      /etc/fstab:3: UUID=1 /srv',
  ]);
});

test('a consequence that refuses on its own still says its words', () => {
  assert.deepEqual(findingText({ ...guard('lose /srv'), causedBy: 'function-lent' }, options), [
    '  ✗ the host uses it',
    '      follows from function-lent',
    "      to insist: --accept storage-in-use='lose /srv'",
  ]);
});

test('what refuses nothing, cannot work or could not look has nothing to insist on', () => {
  const others = [
    clear('storage-in-use', 'x', 'idle'),
    found('storage-in-use', 'x', { severity: 'warning', why: 'idle disks' }),
    found('group-mates', 'x', { severity: 'blocker', why: 'cannot go alone' }),
    undecided('storage-in-use', 'x', 'guard', 'unknown (needs root: storage)'),
  ];
  for (const finding of others) {
    const text = findingText(finding, options).join('\n');
    assert.doesNotMatch(text, /insist|override/, text);
  }
});

test('a shell takes the words as they are meant', () => {
  const words = 'lose /mnt/it\'s $(reboot) "`x`" \\';
  const line = findingText(guard(words), options).at(-1) ?? '';
  const typed = line.replace(/^.*--accept /, '');
  const { stdout } = spawnSync('sh', ['-c', `printf %s ${typed}`], { encoding: 'utf8' });
  assert.equal(stdout, `storage-in-use=${words}`);
});
