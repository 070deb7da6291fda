import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as z from 'zod/mini';
import { Snapshot } from '../../src/facts/snapshot.ts';
import { Finding } from '../../src/findings/finding.ts';
import { rules } from '../../src/findings/index.ts';
import { refusalsOf } from '../../src/findings/refusal.ts';
import type { Question } from '../../src/findings/rule.ts';
import { modelOf } from '../../src/model/model.ts';
import {
  baseSnapshot,
  type Case,
  caseFile,
  caseFolders,
  caseSnapshot,
  type Expectation,
  HOST_ONLY,
} from './cases.ts';

const root = join(import.meta.dirname, '../..');
const ids = rules.map((rule) => rule.id);

test('the base snapshot and every case are snapshots', () => {
  assert.equal(z.safeParse(Snapshot, baseSnapshot()).error, undefined);
  for (const id of ids) {
    for (const one of caseFile(id).cases) {
      const { error } = z.safeParse(Snapshot, caseSnapshot(one));
      assert.equal(error, undefined, `${id}, ${one.name}: ${error?.message}`);
    }
  }
});

for (const rule of rules) {
  const { cases, messages } = caseFile(rule.id);
  describe(rule.id, () => {
    for (const one of cases) test(one.name, () => answers(rule.id, one));
    for (const line of messages?.match ?? []) {
      test(`recognises: ${line}`, () => assert.ok(rule.signatures.some((s) => s.test(line))));
    }
    for (const line of messages?.other ?? []) {
      test(`leaves alone: ${line}`, () => assert.ok(!rule.signatures.some((s) => s.test(line))));
    }
  });
}

function answers(id: string, one: Case): void {
  const rule = rules.find((r) => r.id === id)!;
  const findings = rule.predict(modelOf(caseSnapshot(one)), one.question ?? HOST_ONLY);
  const told = JSON.stringify(findings, null, 1);
  assert.equal(findings.length, one.expect.length, told);
  for (const [i, expected] of one.expect.entries()) {
    const finding = findings[i]!;
    assert.equal(z.safeParse(Finding, finding).error, undefined, told);
    matches(finding, expected, told);
  }
}

function matches(finding: Finding, expected: Expectation, told: string): void {
  const { why, without, remedy, command, cost, evidence, ...same } = expected;
  for (const [key, value] of Object.entries(same)) {
    assert.equal(finding[key as keyof Finding], value, `${key}: ${told}`);
  }
  assert.ok(finding.why.includes(why), `why: ${told}`);
  if (without !== undefined) assert.ok(!finding.why.includes(without), `without: ${told}`);
  if (remedy === null) assert.equal(finding.remedy, null, told);
  else if (remedy !== undefined) assert.ok(finding.remedy?.text.includes(remedy), `remedy: ${told}`);
  if (command !== undefined) assert.equal(finding.remedy?.command ?? null, command, told);
  if (cost !== undefined) assert.equal(finding.remedy?.cost ?? null, cost, told);
  if (evidence !== undefined) {
    const seen = finding.evidence.map((e) => `${e.source} ${e.text}`);
    assert.ok(
      seen.some((text) => text.includes(evidence)),
      `evidence: ${told}`,
    );
  }
}

test('a rule has one name everywhere: file, fixture, page', () => {
  assert.equal(new Set(ids).size, ids.length);
  const files = readdirSync(join(root, 'src/findings/rules')).map((f) => f.replace(/\.ts$/, ''));
  assert.deepEqual(files.sort(), [...ids].sort());
  assert.deepEqual(caseFolders(), [...ids].sort());
  for (const id of ids) assert.ok(readFileSync(join(root, `docs/findings/${id}.md`), 'utf8').length > 0);
});

test('the page of a rule that refuses shows the refusal, and the words or that there are none', () => {
  for (const rule of rules) {
    const findings = caseFile(rule.id).cases.flatMap((one) =>
      rule.predict(modelOf(caseSnapshot(one)), one.question ?? HOST_ONLY),
    );
    const refusal = refusalsOf(findings).find((f) => f.state === 'found');
    const page = readFileSync(join(root, `docs/findings/${rule.id}.md`), 'utf8');
    const [, said = ''] = page.split('## How it is said\n');
    assert.equal(said !== '', refusal !== undefined, rule.id);
    if (!refusal) continue;
    const words =
      refusal.accept === null ? 'No words override it' : `--accept ${rule.id}='${refusal.accept}'`;
    assert.ok(said.includes(words), `${rule.id}: ${words}`);
  }
});

test('every guard is seen to refuse, to let its near miss go, and to refuse where it cannot look', () => {
  for (const id of ids) {
    const expected = caseFile(id).cases.flatMap((c) => c.expect);
    if (!expected.some((e) => e.state === 'found' && e.severity === 'guard')) continue;
    assert.ok(
      expected.some((e) => e.state === 'clear'),
      `${id} is never clear`,
    );
    assert.ok(
      expected.some((e) => e.state === 'undecided'),
      `${id} is never undecided`,
    );
  }
});

test('every rule has an input where it is found and a near miss where it is clear', () => {
  for (const id of ids) {
    const { source, cases } = caseFile(id);
    assert.match(source, /^(constructed|recorded)/);
    const states = cases.flatMap((c) => c.expect.map((e) => e.state));
    assert.ok(states.includes('found'), `${id} is never found`);
    assert.ok(states.includes('clear'), `${id} is never clear`);
  }
});

test('every signature recognises some message, and says what it is tested against', () => {
  for (const rule of rules) {
    const { messages } = caseFile(rule.id);
    if (rule.signatures.length > 0) assert.match(messages?.source ?? '', /recorded|constructed/, rule.id);
    for (const signature of rule.signatures) {
      const known = messages?.match ?? [];
      assert.ok(
        known.some((line) => signature.test(line)),
        `${rule.id}: no message for ${signature}`,
      );
    }
  }
});

test('signatures take linear time: no repeated group, and long lines end soon', () => {
  const hostile = ['a', '"', ' ', '0', 'vfio ', 'PCI device '].map((piece) =>
    piece.repeat(200_000 / piece.length),
  );
  for (const rule of rules) {
    for (const signature of rule.signatures) {
      assert.ok(!/\)[*+{]/.test(signature.source), `${rule.id}: ${signature} repeats a group`);
      assert.ok(!signature.global && !signature.sticky, `${rule.id}: ${signature} has a memory`);
      const started = performance.now();
      for (const line of hostile) signature.test(line);
      assert.ok(performance.now() - started < 500, `${rule.id}: ${signature} is slow`);
    }
  }
});

test('where nothing was read, a rule neither throws nor says that all is well', () => {
  const { schema, made } = baseSnapshot();
  const question: Question = {
    functions: ['0000:00:1b.0'],
    guest: '1b1b1b1b-0000-4000-8000-000000000001',
    slot: '0000:02:00.0',
  };
  for (const root of [true, false]) {
    const model = modelOf({ schema, made: { ...made, root }, gaps: [] });
    for (const rule of rules) {
      const findings = rule.predict(model, question);
      assert.ok(findings.length > 0, `${rule.id} is silent`);
      for (const finding of findings) {
        assert.equal(finding.state, 'undecided', `${rule.id}: ${finding.why}`);
        assert.match(finding.why, /^unknown \(/);
        assert.equal(finding.rule, rule.id);
      }
    }
  }
});

test('explanations name rules that exist, and never go in a circle', () => {
  const consequences = new Map(rules.map((rule) => [rule.id, rule.explainsAway]));
  const reached = (id: string, path: readonly string[]): void => {
    assert.ok(!path.includes(id), `in a circle: ${[...path, id].join(' > ')}`);
    const next = consequences.get(id);
    assert.ok(next, `${path.at(-1)} explains ${id}, which is no rule`);
    for (const consequence of next) reached(consequence, [...path, id]);
  };
  for (const id of ids) reached(id, []);
});

test('pages are written', () => {
  for (const rule of rules) {
    for (const paragraph of [rule.page.what, rule.page.why, rule.page.cure]) {
      assert.match(paragraph, /^\S.*[.!]$/s, `${rule.id}: ${paragraph}`);
    }
  }
});
