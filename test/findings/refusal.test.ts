import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { findingsOf } from '../../src/findings/index.ts';
import { acceptanceParse, acceptancesUnused, refusalsOf } from '../../src/findings/refusal.ts';
import { clear, found, undecided } from '../../src/findings/rule.ts';
import { matesAlong } from '../../src/findings/rules/group-mates.ts';
import { modelOf } from '../../src/model/model.ts';
import { caseSnapshot } from './cases.ts';

const guard = (accept: string | null, rule = 'storage-in-use'): Finding =>
  found(rule, '0000:00:1f.2', { severity: 'guard', why: 'the host uses it', accept });
const refused = (finding: Finding, ...texts: readonly string[]) =>
  refusalsOf([finding], texts.map(acceptanceParse)).length > 0;

describe('words', () => {
  test('the words of the rule, and nothing else, override a guard', () => {
    const disk = guard('lose /srv /home');
    assert.ok(refused(disk));
    assert.ok(!refused(disk, 'storage-in-use=lose /srv /home'));
    for (const text of [
      'storage-in-use=lose /srv',
      'storage-in-use=lose /srv /home /var',
      'storage-in-use=Lose /srv /home',
      'storage-in-use=lose /home /srv',
      'storage-in-use=yes',
      'network-in-use=lose /srv /home',
    ]) {
      assert.ok(refused(disk, text), text);
    }
    assert.ok(!refused(disk, 'network-in-use=lose eth0', 'storage-in-use=lose /srv /home'), 'one of several');
  });

  test('one space is as good as many', () => {
    assert.deepEqual(acceptanceParse(' storage-in-use=  lose\t/srv   /home '), {
      rule: 'storage-in-use',
      words: 'lose /srv /home',
    });
    assert.ok(!refusalsOf([guard('lose  /srv')], [{ rule: 'storage-in-use', words: ' lose /srv ' }])[0]);
  });

  test('words may have an equals sign, quotes and letters of any script', () => {
    for (const words of ['share with a=b', "lose /mnt/it's", 'lose /Größe', 'lose /путь']) {
      assert.ok(!refused(guard(words), `storage-in-use=${words}`), words);
    }
  });

  test('nothing overrides what has no words, a blocker, or a guard that could not look', () => {
    assert.ok(refused(guard(null), 'storage-in-use=lose sda'));
    const blocker = found('storage-in-use', 'x', { severity: 'blocker', why: 'no', accept: 'lose sda' });
    assert.ok(refused(blocker, 'storage-in-use=lose sda'));
    assert.ok(refused(undecided('storage-in-use', 'x', 'guard', 'unknown'), 'storage-in-use=lose sda'));
    assert.deepEqual(refusalsOf([clear('storage-in-use', 'x', 'idle')]), []);
  });

  test('what is not RULE=WORDS is told how it is written', () => {
    for (const text of [
      '',
      'storage-in-use',
      'storage-in-use=',
      'storage-in-use=  ',
      '=lose sda',
      'A=b',
      'a b=c',
    ]) {
      assert.throws(
        () => acceptanceParse(text),
        (e) => e instanceof Failure && e.code === 'usage' && e.hint.includes('--accept'),
        text,
      );
    }
  });

  test('words that answer nothing are told apart from those that do', () => {
    const findings = [guard('lose sda'), clear('sound-in-use', 'x', 'idle')];
    const given = ['storage-in-use=lose sda', 'storage-in-use=lose sdb', 'sound-in-use=lose PCH', 'x=y'];
    assert.deepEqual(
      acceptancesUnused(findings, given.map(acceptanceParse)).map((a) => `${a.rule}=${a.words}`),
      ['storage-in-use=lose sdb', 'sound-in-use=lose PCH', 'x=y'],
    );
  });
});

test('whatever a name holds, its words can be typed on one line and then are the right ones', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const finding = guard(`lose ${name}`);
      const words = finding.accept ?? '';
      assert.doesNotMatch(words, /[\p{C}\p{Zl}\p{Zp}]| {2}|^ | $/u);
      assert.ok(!refused(finding, `storage-in-use=${words}`), words);
    }),
  );
});

test('a mate that goes along is judged by every rule, and its guard takes its own words', () => {
  const findings = findingsOf(modelOf(caseSnapshot({})), {
    functions: ['0000:00:1f.0', '0000:00:1f.2', '0000:00:1f.3', '0000:00:1f.4'],
    guest: '1b1b1b1b-0000-4000-8000-000000000001',
    slot: null,
  });
  const platform = (...texts: readonly string[]) =>
    refusalsOf(findings, texts.map(acceptanceParse))
      .filter((f) => f.rule === 'function-class')
      .map((f) => f.subject);
  assert.deepEqual(platform(), ['0000:00:1f.0', '0000:00:1f.3']);
  assert.deepEqual(platform('function-class=lose 00:1f.3'), ['0000:00:1f.0']);
  assert.deepEqual(platform('function-class=lose 00:1f.0'), ['0000:00:1f.0', '0000:00:1f.3']);
  assert.ok(refusalsOf(findings).some((f) => f.rule === 'storage-in-use' && f.subject === '0000:00:1f.2'));
});

test('parts of the machine that nobody drives do not go along, and any other mate does', () => {
  const along = (change: Record<string, unknown>) =>
    matesAlong(modelOf(caseSnapshot({ set: change })), '0000:00:1f.4').map((mate) => mate.address);
  assert.deepEqual(
    along({}),
    ['0000:00:1f.0', '0000:00:1f.2', '0000:00:1f.3'],
    'refused by their own guards',
  );
  assert.deepEqual(along({ 'functions/0000:00:1f.0/driver': null, 'functions/0000:00:1f.2/driver': null }), [
    '0000:00:1f.2',
    '0000:00:1f.3',
  ]);
});
