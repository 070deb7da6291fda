import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { liveHost } from '../../src/host/live.ts';

/** A loop device of this kernel, mounted where only another process sees it; it needs root. */

// By the file hierarchy standard /var/tmp outlives a boot: it is on a disk, where /tmp often is not.
const folder = mkdtempSync('/var/tmp/vfioctl-storage-');
const image = join(folder, 'disk.img');
const point = join(folder, 'mounted');
const cleanups: (() => void)[] = [() => rmSync(image, { force: true }), () => rmdirSync(folder)];
after(() => {
  for (const cleanup of cleanups) cleanup();
});

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', timeout: 30_000 }).trim();

test('what another process has mounted through a loop device is found on the disk below its file', async () => {
  writeFileSync(image, '');
  truncateSync(image, 8 * 1024 * 1024);
  const loop = run('losetup', '--find', '--show', image);
  cleanups.unshift(() => run('losetup', '--detach', loop));
  run('mkfs.ext4', '-q', loop);
  run('mkdir', point);
  cleanups.unshift(() => rmdirSync(point));
  const script = 'mount "$1" "$2" && echo ready && exec sleep 60';
  const other = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', loop, point], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [word] = await once(other.stdout, 'data');
  assert.equal(String(word), 'ready\n');

  const before = await collect(liveHost(), ['storage']);
  other.kill('SIGKILL');
  await once(other, 'exit');
  const behind = await collect(liveHost(), ['storage']);

  // Independent of us: the disks below the file, as util-linux walks them.
  const source = run('findmnt', '--noheadings', '--output', 'SOURCE', '--target', image).replace(/\[.*/, '');
  const parents = run('lsblk', '--noheadings', '--inverse', '--raw', '--output', 'KNAME,TYPE', source);
  const disks = parents.split('\n').flatMap((line) => (line.endsWith(' disk') ? [line.split(' ')[0]] : []));
  assert.ok(disks.length > 0, parents);
  const held = (seen: typeof before) =>
    (seen.storage ?? []).filter((disk) =>
      disk.holds?.some(
        (h) => h.name === `${point} of sleep (pid ${other.pid})` && h.through.at(-1)?.includes(image),
      ),
    );
  assert.deepEqual(
    held(before).map((disk) => disk.name),
    disks,
  );
  assert.deepEqual(held(behind), []);
});
