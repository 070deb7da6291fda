import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { forgetOld } from '../../rig/image/cache.ts';
import { forgetSockets, socketFolder } from '../../rig/machine/sockets.ts';

function folderFor(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'left-over-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('of the images that other states built, the newest two stay, and what is in use', (t) => {
  const folder = folderFor(t);
  const made = (name: string, hours: number): string => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    const then = new Date(Date.now() - hours * 3_600_000);
    utimesSync(path, then, then);
    return path;
  };
  const used = made('image-00', 9);
  for (const [index, name] of ['image-01', 'image-02', 'image-03', 'root-01'].entries())
    made(name, index + 1);
  made('image-04.draft-77', 2);
  made('image-05.draft-78', 30);
  made('run/intel-abc', 2);
  made('run/intel-def', 30);
  forgetOld([used], folder);
  assert.deepEqual(readdirSync(folder).sort(), [
    'image-00',
    'image-01',
    'image-02',
    'image-04.draft-77',
    'root-01',
    'run',
  ]);
  assert.deepEqual(readdirSync(join(folder, 'run')), ['intel-abc']);
});

test('sockets of a run that was interrupted are removed, those of a living one are not', (t) => {
  const folder = folderFor(t);
  const ours = socketFolder(folder);
  // Beyond pid_max of any kernel (2^22).
  const dead = join(folder, 'rig-4194305-abcdef');
  mkdirSync(dead);
  mkdirSync(join(folder, 'rigging'));
  forgetSockets(folder);
  assert.ok(existsSync(ours));
  assert.ok(!existsSync(dead));
  assert.ok(existsSync(join(folder, 'rigging')));
});
