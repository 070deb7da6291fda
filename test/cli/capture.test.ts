import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandRun } from '../../src/cli/command-run.ts';
import { captureLoad } from '../../src/host/capture.ts';
import { hostOpen } from '../../src/host/open.ts';
import { temporaryDirectory } from '../host/temporary.ts';

const rig = ['--host', 'sim:rig-intel'];

test('a capture is written for its owner alone, and answers as the host did', async (t) => {
  const file = join(temporaryDirectory(t), 'host.json');
  const { exit, stderr } = await commandRun(hostOpen, ['capture', file, ...rig]);
  assert.equal(exit, 0, stderr);
  assert.equal(statSync(file).mode & 0o7777, 0o600);
  assert.match(stderr, /--redact/);
  assert.equal(captureLoad(readFileSync(file, 'utf8'), file).made.redacted, undefined);
  const there = await commandRun(hostOpen, ['list', '--json', '--host', file]);
  assert.equal(there.stdout, (await commandRun(hostOpen, ['list', '--json', ...rig])).stdout);
});

test('nothing that stands there already is written to, followed or replaced', async (t) => {
  const folder = temporaryDirectory(t);
  const at = (name: string) => join(folder, name);
  writeFileSync(at('mine'), 'somebody wrote this\n', { mode: 0o644 });
  symlinkSync(at('mine'), at('planted'));
  symlinkSync(at('nowhere'), at('dangling'));
  mkdirSync(at('directory'));
  execFileSync('mkfifo', [at('pipe')]);
  const before = readdirSync(folder);
  for (const path of [...before.map(at), '/dev/null', '/dev/full']) {
    const { exit, stderr, stdout } = await commandRun(hostOpen, ['capture', path, ...rig]);
    assert.equal(exit, 2, path);
    assert.match(
      stderr,
      /(is a link|is there already): a capture is only written to a new file; name another one\n$/,
    );
    assert.equal(stdout, '');
  }
  assert.deepEqual(readdirSync(folder), before);
  assert.equal(readFileSync(at('mine'), 'utf8'), 'somebody wrote this\n');
  assert.ok(lstatSync(at('planted')).isSymbolicLink() && !existsSync(at('nowhere')));
  assert.ok(lstatSync('/dev/null').isCharacterDevice());
});

test('--redact leaves no name of the machine, and says what it keeps', async (t) => {
  const file = join(temporaryDirectory(t), 'host.json');
  const { exit, stderr } = await commandRun(hostOpen, [
    'capture',
    '--redact',
    file,
    '--host',
    'sim:i7-2620m',
  ]);
  assert.equal(exit, 0, stderr);
  assert.match(stderr, /guests keep their names/);
  const text = readFileSync(file, 'utf8');
  assert.ok(!text.includes('thinkpad') && !text.includes('52:54:00:f2:0f:20'));
  const { made } = captureLoad(text, file);
  assert.deepEqual([made.redacted, made.origin.name], [true, 'host-1']);
  const looks = async (host: string) =>
    (await commandRun(hostOpen, ['list', '--json', '--host', host])).stdout;
  assert.equal(await looks(file), await looks('sim:i7-2620m'));
});
