import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

// A script with a broken line is only found out minutes later, as a machine that does not come up.
test('the scripts of machine and guest are whole', () => {
  const root = join(import.meta.dirname, '../..');
  const scripts = globSync('rig/**/*.sh', { cwd: root });
  assert.ok(scripts.length >= 4, scripts.join(' '));
  for (const script of scripts) {
    const { status, stderr } = spawnSync('sh', ['-n', join(root, script)], { encoding: 'utf8' });
    assert.equal(status, 0, `${script}: ${stderr}`);
  }
});
