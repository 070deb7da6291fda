import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from './temporary.ts';

const executable = join(import.meta.dirname, '../../dist/vfioctl-linux-x64');

// Bun reads these where it stands, and a compiled program would too unless it was told not to (packaging).
test('the executable runs no code that lies in the directory where it is started', (t) => {
  const folder = temporaryDirectory(t);
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('evil.ts', 'console.log("evil"); console.error("evil");');
  for (const name of ['bunfig.toml', '.bunfig.toml']) write(name, 'preload = ["./evil.ts"]\n');
  write('.env', 'LIBVIRT_DEFAULT_URI=qemu+ssh://elsewhere/system\nBUN_OPTIONS=--preload ./evil.ts\n');
  write('.env.local', 'NODE_OPTIONS=--require ./evil.ts\n');
  write('package.json', '{"name":"vfioctl","type":"commonjs","imports":{"#x":"./evil.ts"}}');
  write('tsconfig.json', '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}');
  for (const env of [{}, { HOME: folder, XDG_CONFIG_HOME: folder, NODE_OPTIONS: '--require ./evil.ts' }]) {
    const { stdout, stderr, status } = spawnSync(executable, ['list', '--host', 'sim:rig-intel'], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^ADDRESS /);
    assert.equal(stderr, '');
    assert.ok(!stdout.includes('evil'));
  }
});
