import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandRun } from '../../src/cli/command-run.ts';
import { hostOpen } from '../../src/host/open.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../src/host/simulated/index.ts';
import { assertDocument } from './schemas.ts';

// The documents are validated against their schemas; here only a few of their values are looked at.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Loose = any;

test('every command prints a document of its schema, all through a lend', async () => {
  const host = simulatedHost(boardByName('rig-intel')!);
  const json = async (exit: number, ...argv: string[]) => {
    const result = await commandRun(host, [...argv, '--json']);
    assert.equal(result.exit, exit, `${argv.join(' ')}: ${result.stderr}${result.stdout}`);
    return assertDocument(result.stdout) as Record<string, Loose>;
  };
  const list = await json(0, 'list');
  assert.equal(list.functions.find((f: Loose) => f.address === '0000:01:00.0').verdict.word, 'free');
  const show = await json(0, 'show', '01:00.0');
  assert.match(show.functions[0].xml, /bus='0x01' slot='0x00' function='0x0'/);
  assert.equal((await json(0, 'doctor', '01:00.0', '--guest', 'tone')).schema, 'vfioctl/findings/1');
  assert.equal((await json(0, 'status')).lends.length, 0);
  assert.equal((await json(0, 'assign', '01:00.0', 'tone', '--dry-run')).status, 'planned');

  const assigned = await json(0, 'assign', '01:00.0', 'tone', '--start', '--yes');
  assert.equal(assigned.status, 'done');
  assert.equal(assigned.changed, true);
  assert.ok(assigned.proofs.every((p: Loose) => p.state === 'proven'));
  const again = await json(0, 'assign', '01:00.0', 'tone', '--start', '--yes');
  assert.deepEqual([again.status, again.changed, again.run], ['nothing', false, null]);

  assert.deepEqual(
    (await json(0, 'status')).lends.map((l: Loose) => [l.guest, l.live, l.ours]),
    [['tone', true, true]],
  );
  assert.equal((await json(0, 'verify', 'tone', '--exercise')).proofs.length, 8);
  assert.equal((await json(3, 'release', '01:00.0', '--yes')).code, 'refused');
  const released = await json(0, 'release', '01:00.0', '--stop', '--yes');
  assert.deepEqual(
    released.proofs.map((p: Loose) => [p.name, p.state]),
    [['returned', 'proven']],
  );
  const runs = (await json(0, 'history')).runs;
  assert.deepEqual(
    runs.map((r: Loose) => [r.run, r.verb, r.status]),
    [
      [1, 'assign', 'done'],
      [2, 'release', 'done'],
    ],
  );
  assert.equal((await json(3, 'undo', '1', '--yes')).code, 'refused');
  assert.equal((await json(0, 'undo', '2', '--yes')).status, 'undone');
  assert.equal((await json(0, 'undo', '1', '--yes')).status, 'undone');
  assert.equal((await json(7, 'verify', 'tone')).proofs.length, 0);
  assert.equal((await json(0, 'prepare')).status, 'nothing');
});

test('every recorded host can be looked at, and no word of it is changed', async () => {
  const folder = join(import.meta.dirname, '../../fixtures/hosts');
  const captures = readdirSync(folder).filter((name) => name.endsWith('.json'));
  assert.ok(captures.length >= 7, `${captures.length} captures`);
  for (const capture of captures) {
    const look = async (...argv: string[]) => {
      const result = await commandRun(hostOpen, [...argv, '--json', '--host', join(folder, capture)]);
      assert.ok([0, 7].includes(result.exit), `${capture} ${argv.join(' ')}: ${result.stderr}`);
      return assertDocument(result.stdout) as Record<string, Loose>;
    };
    const addresses = (await look('list')).functions.map((f: Loose) => f.address);
    assert.ok(addresses.length >= 10, `${capture}: ${addresses.length} functions`);
    await look('status');
    await look('show', '00:1f.4');
    const findings = (await look('doctor', '00:1f.4')).findings;
    // The chipset's card shares its group with the board's own functions on every one of them.
    assert.ok(
      findings.some((f: Loose) => f.rule === 'group-mates' && f.state === 'found'),
      capture,
    );
    const change = await commandRun(hostOpen, [
      'release',
      '00:1f.4',
      '--yes',
      '--host',
      join(folder, capture),
    ]);
    assert.ok([0, 3].includes(change.exit), change.stderr);
  }
});
