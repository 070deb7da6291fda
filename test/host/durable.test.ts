import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { liveHost } from '../../src/host/live.ts';
import { temporaryDirectory } from './temporary.ts';

const host = liveHost();
const unwritable = (words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === 'state-unwritable' && words.test(error.message);
const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);

test('append creates a private file and adds to it', (t) => {
  const path = join(temporaryDirectory(t), 'run.ndjson');
  host.append(path, 'one\n');
  host.append(path, 'two\n');
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  assert.equal(mode(path), '600');
});

test('a link in place of our file is never written through', (t) => {
  const top = temporaryDirectory(t);
  const victim = join(top, 'victim');
  writeFileSync(victim, 'safe');
  symlinkSync(victim, join(top, 'run.ndjson'));
  assert.throws(() => host.append(join(top, 'run.ndjson'), 'x'), unwritable(/symbolic link/));
  symlinkSync(top, join(top, 'state'));
  assert.throws(() => host.makeDirectory(join(top, 'state')), unwritable(/state is a symbolic link/));
  host.replace(join(top, 'run.ndjson'), 'new');
  assert.equal(readFileSync(victim, 'utf8'), 'safe');
});

test('replace keeps the mode of what was there, and leaves no temporary file', (t) => {
  const top = temporaryDirectory(t);
  const path = join(top, 'grub');
  writeFileSync(path, 'old');
  chmodSync(path, 0o640);
  host.replace(path, 'new');
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.equal(mode(path), '640');
  host.replace(path, 'newer', 0o600);
  assert.equal(mode(path), '600');
  host.replace(join(top, 'fresh'), 'x');
  assert.equal(mode(join(top, 'fresh')), '600');
  mkdirSync(join(top, 'directory'));
  assert.throws(() => host.replace(join(top, 'directory'), 'x'), unwritable(/directory/));
  assert.deepEqual(readdirSync(top).sort(), ['directory', 'fresh', 'grub']);
});

test('makeDirectory creates parents, private, and is content with what is there', (t) => {
  const path = join(temporaryDirectory(t), 'a/b/state');
  host.makeDirectory(path);
  host.makeDirectory(path);
  assert.equal(mode(path), '700');
  writeFileSync(join(path, 'file'), '');
  assert.throws(() => host.makeDirectory(join(path, 'file')), unwritable(/no directory/));
  host.remove(join(path, 'file'));
  host.remove(join(path, 'file'));
  assert.deepEqual(readdirSync(path), []);
});

test('a place that cannot be written is one clear failure', () => {
  assert.throws(() => host.makeDirectory('/proc/vfioctl'), unwritable(/^cannot write \/proc\/vfioctl: /));
  assert.throws(() => host.append('/proc/vfioctl', 'x'), unwritable(/^cannot write \/proc\/vfioctl: /));
});

test('write needs the file to be there', (t) => {
  const path = join(temporaryDirectory(t), 'driver_override');
  const failed = (error: unknown) =>
    error instanceof Failure && error.code === 'step-failed' && error.message.includes(path);
  assert.throws(() => host.write(path, 'vfio-pci\n'), failed);
  writeFileSync(path, '(null)\n');
  host.write(path, 'vfio-p\n');
  assert.equal(readFileSync(path, 'utf8'), 'vfio-p\n');
});
