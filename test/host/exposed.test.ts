import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { journalsRead, runRead } from '../../src/apply/journal.ts';
import { commandRun } from '../../src/cli/command-run.ts';
import { Failure } from '../../src/failure.ts';
import { type DiskStat, directoryExposed, liveDisk } from '../../src/host/disk.ts';
import { liveHost } from '../../src/host/live.ts';
import { temporaryDirectory } from './temporary.ts';

const untrusted = (words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === 'state-unwritable' && words.test(error.message);

function owned(stat: Partial<DiskStat>): string | null {
  const disk = {
    ...liveDisk,
    stat: () => ({ kind: 'directory', mode: 0o700, uid: 0, gid: 0, ...stat }) as const,
  };
  return directoryExposed(disk, '/var/lib/vfioctl');
}

test('a directory is trusted that root or this user alone can change', () => {
  const own = process.geteuid!();
  assert.equal(owned({}), null);
  assert.equal(owned({ uid: own, mode: 0o755 }), null);
  assert.equal(owned({ uid: own + 1 }), `it belongs to user ${own + 1}`);
  assert.equal(owned({ mode: 0o770 }), 'others may write to it (mode 770)');
  assert.equal(owned({ mode: 0o1777 }), 'others may write to it (mode 1777)');
  assert.equal(owned({ kind: 'link' }), 'it is a symbolic link');
  assert.equal(directoryExposed(liveDisk, '/nonexistent/vfioctl'), null);
});

test('no journal is believed that others can write, or that a link leads to', async (t) => {
  const top = temporaryDirectory(t);
  const host = liveHost(join(top, 'run'));
  const state = join(top, 'state');
  mkdirSync(join(state, 'runs'), { recursive: true, mode: 0o700 });
  assert.deepEqual(await journalsRead(host, state), { runs: [], unreadable: [] });
  chmodSync(join(state, 'runs'), 0o777);
  await assert.rejects(journalsRead(host, state), untrusted(/runs is not trusted: others may write to it/));
  await assert.rejects(runRead(host, state, 1), untrusted(/not trusted/));
  chmodSync(join(state, 'runs'), 0o700);
  symlinkSync(state, join(top, 'planted'));
  await assert.rejects(
    journalsRead(host, join(top, 'planted')),
    untrusted(/planted is not trusted: it is a symbolic link/),
  );
  const { exit, stderr } = await commandRun(host, ['undo', '--yes', '--state-dir', join(top, 'planted')]);
  assert.equal(exit, 3);
  assert.match(stderr, /planted is not trusted: it is a symbolic link; let it belong to root alone/);
});

test('journals, and what leads to them, are for their owner alone whatever the umask', async (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const top = temporaryDirectory(t);
  const host = liveHost(join(top, 'run'));
  host.makeDirectory(join(top, 'state/runs'));
  host.append(join(top, 'state/runs/000001.ndjson'), '{}\n');
  host.append(join(top, 'state/runs/000001.ndjson'), '{}\n');
  const modes = ['state', 'state/runs', 'state/runs/000001.ndjson'].map(
    (p) => statSync(join(top, p)).mode & 0o777,
  );
  assert.deepEqual(modes, [0o700, 0o700, 0o600]);
});

test('the lock is not taken where others could take it away', async (t) => {
  const run = join(temporaryDirectory(t), 'run');
  mkdirSync(run);
  chmodSync(run, 0o777);
  await assert.rejects(
    liveHost(run).lock('assign'),
    untrusted(/cannot lock in .*run: others may write to it/),
  );
});
