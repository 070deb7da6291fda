import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { journalsRead, runStatus } from '../../src/apply/journal.ts';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { Failure } from '../../src/failure.ts';
import { domainXml } from '../../src/host/libvirt/domain.ts';
import { liveHost } from '../../src/host/live.ts';
import { testGuest } from '../libvirtd.ts';
import { lendPlan, uri } from './plans.ts';

// A file system of a few pages that really says ENOSPC, the real libvirtd, and a guest that is never started.
const whole = { inactive: true, secrets: true };
const address = '0000:3f:1e.5';
const host = liveHost();

function mounted(t: TestContext, pages: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'vfioctl-small-'));
  const mount = (...options: string[]) => {
    const { status, stderr } = spawnSync('mount', options, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  mount('-t', 'tmpfs', '-o', `size=${(1 + pages) * 4}k`, 'small', directory);
  writeFileSync(join(directory, 'one page of somebody else'), Buffer.alloc(4096));
  t.after(() => {
    spawnSync('umount', [directory]);
    rmdirSync(directory);
  });
  return directory;
}

function grow(directory: string): void {
  assert.equal(spawnSync('mount', ['-o', 'remount,size=4m', directory]).status, 0);
}

test('a disk that fills up anywhere in a run: all is undone, or all is done and undone without room', async (t) => {
  const { uuid, name } = await testGuest(t, { machine: 'q35', devices: '' });
  const before = await domainXml(host, uri, uuid, whole);
  const seen = new Set<string>();
  for (const pages of [0, 1, 2, 3, 6]) {
    const directory = mounted(t, pages);
    const stateDir = join(directory, 'state');
    const at = `${pages} pages`;
    const applied = await planApply({ host, uri }, lendPlan({ uuid, name }, address), {
      stateDir,
      argv: [],
    }).catch((error: unknown) => {
      assert.ok(error instanceof Failure && error.code === 'state-unwritable', String(error));
      assert.match(error.message, /ENOSPC/);
      return null;
    });
    seen.add(applied?.status ?? 'refused');
    if (applied?.status === 'undone') assert.match(applied.failure!.message, /ENOSPC/, at);
    if (applied?.status === 'done') {
      assert.notEqual(await domainXml(host, uri, uuid, whole), before);
      assert.equal((await runUndo({ host, uri }, stateDir, null)).status, 'undone', at);
    }
    assert.equal(await domainXml(host, uri, uuid, whole), before, at);
    grow(directory);
    const again = await runUndo({ host, uri }, stateDir, null);
    assert.deepEqual([again.changed, again.failure], [false, null], at);
    for (const run of (await journalsRead(host, stateDir)).runs) assert.equal(runStatus(run), 'undone', at);
    assert.equal(await domainXml(host, uri, uuid, whole), before, at);
  }
  assert.deepEqual(
    [...seen].sort(),
    ['done', 'refused', 'undone'],
    'it was full at the start, in the middle, and not',
  );
});
