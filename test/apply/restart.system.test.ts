import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';

interface Told {
  readonly name: string;
  readonly status: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly state: string;
  readonly undo: string;
  readonly same: boolean;
}

test('a real libvirtd that is killed and started again under a run: done, or all undone', () => {
  const scene = resolve(import.meta.dirname, 'restart-scene.ts');
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', process.execPath, scene], {
    encoding: 'utf8',
    timeout: 180_000,
  });
  assert.equal(status, 0, stderr);
  const told = JSON.parse(stdout) as Told[];
  for (const scene of told) assert.ok(scene.same, `${scene.name}: the definition is as before, to the byte`);
  const short = told.map((t) => [t.name, t.status, t.failure?.code ?? null, t.state, t.undo]);
  assert.deepEqual(short, [
    ['killed before it takes the change', 'undone', 'no-libvirt', 'shut off', 'nothing'],
    ['killed before it answers a look', 'done', null, 'shut off', 'undone'],
    // It had the guest's lock, and took the start with it to its end.
    ['killed in the middle of a start', 'undone', 'no-libvirt', 'shut off', 'nothing'],
    // The daemon knows nothing of that, and the next look waits until it has started the guest.
    ['virsh killed in the middle of a start', 'done', null, 'running', 'undone'],
  ]);
  assert.match(told[2]!.failure!.message, /^libvirt ended in the middle: .*End of file while reading data/);
});
