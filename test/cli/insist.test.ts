import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../../src/apply/report.ts';
import { commandRun } from '../../src/cli/command-run.ts';
import { type TypedHost, typedHost } from './rig.ts';
import { assertDocument } from './schemas.ts';

const OWN = ['assign', '01:00.0', 'tone'];

/** Another guest has the card in its definition: a guard with words. */
async function guarded(): Promise<TypedHost & { words: string; flag: string }> {
  const typed = typedHost();
  assert.equal((await typed.vfioctl('assign', '01:00.0', 'plain', '--yes')).exit, 0);
  const refused = await typed.vfioctl(...OWN, '--yes', '--json');
  const report = assertDocument(refused.stdout) as unknown as RunReport;
  const guards = report.findings.filter((f) => f.accept !== null);
  assert.equal(guards.length, 1, JSON.stringify(report.findings));
  const { rule, accept } = guards[0]!;
  return { ...typed, words: accept!, flag: `${rule}=${accept}` };
}

test('a guard refuses, also with --yes, and shows the flag that overrides it', async () => {
  const { vfioctl, guests, words } = await guarded();
  const before = guests();
  const { exit, stderr, stdout } = await vfioctl(...OWN, '--yes');
  assert.equal(exit, 3);
  assert.match(stdout, /assign: refused; nothing was changed/);
  assert.match(stderr, new RegExp(`--accept [a-z-]+='${words}'`));
  assert.equal(guests(), before);
});

test('--accept with its words overrides it: the journal and the report keep them', async () => {
  const { vfioctl, runs, flag } = await guarded();
  const { exit, stdout } = await vfioctl(...OWN, '--yes', '--json', '--accept', flag);
  assert.equal(exit, 0);
  const report = assertDocument(stdout) as unknown as RunReport;
  assert.deepEqual(
    report.accepted?.map(({ rule, words }) => `${rule}=${words}`),
    [flag],
  );
  assert.ok(
    report.findings.some((f) => f.severity === 'guard' && f.rule === report.accepted?.[0]?.rule),
    'what was overridden is still said',
  );
  assert.deepEqual((await runs()).at(-1)?.head.argv.slice(-2), ['--accept', flag]);
});

test('the same command once more is no failure: what its words were for is done', async () => {
  const { vfioctl, flag, guests } = await guarded();
  assert.equal((await vfioctl(...OWN, '--yes', '--accept', flag)).exit, 0);
  const before = guests();
  const { exit, stdout } = await vfioctl(...OWN, '--yes', '--accept', flag);
  assert.equal(exit, 0, stdout);
  assert.match(stdout, /nothing to do/);
  assert.equal(guests(), before);
});

test('words that no refusal takes are said to be so, and nothing is changed', async () => {
  const { vfioctl, flag, guests } = await guarded();
  const before = guests();
  for (const wrong of [
    `${flag} `.replace(/\w $/, ''),
    'storage-in-use=lose /',
    flag.toUpperCase(),
    'x',
    '=',
  ]) {
    const { exit, stderr } = await vfioctl(...OWN, '--yes', '--accept', flag, '--accept', wrong);
    assert.equal(exit, 2, `${wrong}: ${stderr}`);
    assert.match(stderr, /no refusal takes these words|is not RULE=WORDS/);
  }
  assert.equal(guests(), before);
});

test('at a terminal the words are typed; anything else is refused', async () => {
  const { host, runs, words, flag, guests } = await guarded();
  const before = guests();
  for (const typed of [[], [''], ['y', 'y'], ['yes'], [words.toUpperCase(), words]]) {
    const { exit, stderr } = await commandRun(host, [...OWN, '--yes'], { typed });
    assert.equal(exit, 3, `typed ${typed}`);
    assert.match(stderr, new RegExp(`to insist, type '${words}'`));
    assert.equal(guests(), before);
  }
  const wrong = await commandRun(host, [...OWN, '--yes'], { typed: ['lose it'] });
  assert.match(wrong.stderr, new RegExp(`\n'lose it' is not '${words}'\n$`), 'what was wrong is said');
  const { exit, stdout } = await commandRun(host, OWN, { typed: [words, 'y'] });
  assert.equal(exit, 0, stdout);
  assert.deepEqual((await runs()).at(-1)?.head.argv, [...OWN, '--accept', flag], 'as if given at once');
});

test('who says no to a plan, or to taking a run back, has refused: nothing is changed', async () => {
  const { host, vfioctl, runs, guests } = typedHost();
  const before = guests();
  for (const answer of ['n', '', 'yess']) {
    const declined = await commandRun(host, OWN, { typed: [answer] });
    assert.equal(declined.exit, 3, `answered ${answer}`);
    assert.match(declined.stdout, /^assign: refused; nothing was changed$/m);
    assert.equal(guests(), before);
  }
  assert.equal((await runs()).length, 0);
  assert.equal((await vfioctl(...OWN, '--yes')).exit, 0);
  const lent = guests();
  const kept = await commandRun(host, ['undo'], { typed: ['n'] });
  assert.equal(kept.exit, 3);
  assert.match(kept.stderr, /^undo: refused; nothing was changed$/m);
  assert.equal(guests(), lent);
});

test('what an overridden guard says is a warning by then', async () => {
  const { vfioctl, flag, words } = await guarded();
  const { stderr } = await vfioctl(...OWN, '--yes', '--accept', flag);
  assert.match(stderr, new RegExp(`^  ! [^]*\n      insisted on: '${words}'\n`));
  assert.doesNotMatch(stderr, /✗|to insist/);
});

test('what is in the way of a change is said before anybody is asked', async () => {
  const { host, vfioctl } = typedHost();
  assert.equal((await vfioctl(...OWN, '--yes', '--dead-man', '60s')).exit, 0);
  const { exit, stderr } = await commandRun(host, ['release', '01:00.0'], { typed: ['y'] });
  assert.equal(exit, 3);
  assert.match(stderr, /run 1 \(assign\) is taken back at .* unless it is kept/);
  assert.doesNotMatch(stderr, /Do this\?/);
});

test('what no words override is not asked for', async () => {
  const { host } = typedHost();
  const { exit, stderr } = await commandRun(host, ['assign', '00:1f.4', 'tone', '--with-group'], {
    typed: ['y', 'y', 'y'],
  });
  assert.equal(exit, 3);
  assert.doesNotMatch(stderr, /to insist, type/);
});

test('--dry-run shows the refusal and asks nobody', async () => {
  const { host } = await guarded();
  const { exit, stderr } = await commandRun(host, [...OWN, '--dry-run'], { typed: [] });
  assert.equal(exit, 3);
  assert.doesNotMatch(stderr, /to insist, type/);
});

test('a bare --force does not exist, and says in one line what does', async () => {
  const { vfioctl } = typedHost();
  const { exit, stderr } = await vfioctl(...OWN, '--force');
  assert.equal(exit, 2);
  assert.match(stderr, /^vfioctl: there is no --force: .*--accept RULE=WORDS\n$/);
});
