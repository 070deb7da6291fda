import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

// Stages from left to right (ARCHITECTURE.md): a file may import from its own stage and from stages to its left.
const STAGES: readonly (readonly [string, number])[] = [
  ['failure.ts', 0],
  ['version', 0],
  ['model/address.ts', 0],
  ['edit/xml/', 1],
  ['host/', 2],
  ['facts/', 3],
  ['model/', 4],
  ['findings/', 5],
  ['plan/', 6],
  ['apply/record.ts', 7],
  ['proof/proof.ts', 6],
  ['apply/', 8],
  ['proof/', 8],
  ['report/', 9],
  ['index.ts', 10],
  ['cli/', 11],
];
// The simulated host is a machine, not a stage: it stands in for the kernel and libvirt behind the port.
const PURE = ['edit/', 'model/', 'findings/', 'plan/', 'report/'];

const src = resolve(import.meta.dirname, '../src');
const files = globSync('**/*.ts', { cwd: src }).filter((f) => !f.endsWith('.d.ts'));

function stageOf(file: string): number {
  const stage = STAGES.filter(([prefix]) => file.startsWith(prefix)).sort(
    (a, b) => b[0].length - a[0].length,
  )[0];
  assert.ok(stage, `src/${file} belongs to no stage: name it in test/flow.test.ts and ARCHITECTURE.md`);
  return stage[1];
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((m) => m[1]!);
}

test('the import graph flows one way', () => {
  assert.ok(files.length > 30, 'the sources were found');
  for (const file of files) {
    for (const target of importsOf(file).filter((i) => i.startsWith('.'))) {
      const to = relative(src, resolve(src, dirname(file), target));
      assert.ok(stageOf(to) <= stageOf(file), `src/${file} imports src/${to}, which stands to its right`);
    }
  }
});

test('only host/ touches files and processes', () => {
  for (const file of files.filter((f) => !f.startsWith('host/') && !f.startsWith('cli/'))) {
    const forbidden = importsOf(file).filter((i) => /^node:(fs|child_process|net|os)/.test(i));
    assert.deepEqual(forbidden, [], `src/${file} imports ${forbidden}`);
  }
});

test('pure stages are synchronous and ask no clock', () => {
  for (const file of files.filter((f) => PURE.some((p) => f.startsWith(p)))) {
    const text = readFileSync(join(src, file), 'utf8');
    assert.ok(
      !/\basync\b|\bawait\b|Date\.now|new Date\(|Math\.random|process\./.test(text),
      `src/${file} is not pure`,
    );
  }
});

test('no drawer files', () => {
  for (const file of files) assert.ok(!/(utils?|helpers?)\.ts$/.test(file), `src/${file}`);
});
