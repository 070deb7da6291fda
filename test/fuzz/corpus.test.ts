import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { corpus } from '../../fuzz/corpus.ts';
import { execute } from '../../fuzz/target.ts';
import { targets } from '../../fuzz/targets/index.ts';

// What has broken a parser once, and what stands for every trick that is known (fixtures/fuzz/README.md).
for (const target of targets) {
  test(`${target.name}: its corpus`, async () => {
    const inputs = corpus(target.name);
    assert.ok(inputs.length > 0, `fixtures/fuzz/${target.name} is there`);
    for (const { name, input } of inputs) {
      try {
        await execute(target, input);
      } catch (error) {
        assert.fail(`fixtures/fuzz/${target.name}/${name}: ${error instanceof Error ? error.stack : error}`);
      }
    }
  });
}

test('no corpus belongs to nobody', () => {
  const folder = join(import.meta.dirname, '../../fixtures/fuzz');
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? e.name : []));
  assert.deepEqual(names.sort(), targets.map((t) => t.name).sort());
});
