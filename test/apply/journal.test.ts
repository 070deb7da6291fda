import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalsRead, type Run, runRead, runStatus } from '../../src/apply/journal.ts';
import type { JournalEntry } from '../../src/apply/record.ts';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { commandRun } from '../../src/cli/command-run.ts';
import { domainXml } from '../../src/host/libvirt/domain.ts';
import type { SimulatedHost } from '../../src/host/simulated/index.ts';
import { stepReversed } from '../../src/plan/show.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

const whole = { inactive: true, secrets: true };
const options = { stateDir, argv: ['assign'] };
const path = (number: number) => `${stateDir}/runs/${String(number).padStart(6, '0')}.ndjson`;

function text(host: SimulatedHost, number: number): string {
  const reading = host.read(path(number));
  assert.equal(reading.state, 'read');
  return reading.state === 'read' ? reading.value : '';
}

function rewrite(host: SimulatedHost, number: number, change: (text: string) => string): void {
  host.replace(path(number), change(text(host, number)));
}

async function lend(host: SimulatedHost, name = 'tone', address = OWN) {
  const plan = await assignPlan(host, name, address);
  return planApply({ host, uri }, { ...plan, steps: plan.steps.slice(0, 2) }, options);
}

test('a run that was cut off before its first record was whole has done nothing, and stands in nobody’s way', async () => {
  for (const cut of [0, 1, 200]) {
    const host = rigHost();
    await lend(host);
    rewrite(host, 1, (all) => all.slice(0, cut));
    assert.deepEqual(await journalsRead(host, stateDir), { runs: [], unreadable: [] });
    assert.equal((await runUndo({ host, uri }, stateDir, null)).status, 'nothing');
    await assert.rejects(runRead(host, stateDir, 1), { code: 'not-found' });
    assert.equal((await lend(host, 'other', '0000:00:1b.0')).run, 2, 'its number is not given twice');
  }
});

test('cut off anywhere, a run is undone to the byte', async () => {
  const host = rigHost();
  const before = await domainXml(host, uri, (await assignPlan(host)).guest!.uuid, whole);
  await lend(host);
  const all = text(host, 1);
  const state = host.toJSON();
  const { simulatedHost } = await import('../../src/host/simulated/index.ts');
  const first = all.indexOf('\n') + 1;
  const outcome = all.indexOf('"type":"outcome"');
  for (const cut of [
    first,
    first + 40,
    outcome,
    all.indexOf('\n', outcome),
    all.length - 60,
    all.length - 1,
  ]) {
    const cutHost = simulatedHost(structuredClone(state));
    cutHost.replace(path(1), all.slice(0, cut));
    // Without its intent no act was done: the definition is then set back as it was when it was not.
    if (!all.slice(0, cut).includes('"type":"intent"')) {
      assert.equal((await runUndo({ host: cutHost, uri }, stateDir, 1)).changed, false);
      continue;
    }
    const run = await runRead(cutHost, stateDir, 1);
    assert.equal(run.torn, true, `cut at ${cut}`);
    assert.equal((await runUndo({ host: cutHost, uri }, stateDir, 1)).status, 'undone', `cut at ${cut}`);
    const again = await runRead(cutHost, stateDir, 1);
    assert.deepEqual([runStatus(again), again.torn], ['undone', false], `cut at ${cut}`);
    if (all.slice(0, cut).match(/"type":"intent"/g)!.length === 2)
      assert.equal(await domainXml(cutHost, uri, (await assignPlan(cutHost)).guest!.uuid, whole), before);
  }
});

test('killed between its last outcome and its end, a run is as done as with it', async () => {
  const host = rigHost();
  await lend(host);
  rewrite(host, 1, (all) => all.split('\n').slice(0, -2).join('\n').concat('\n'));
  assert.equal(runStatus(await runRead(host, stateDir, 1)), 'done');
  const exit = (await commandRun(host, ['assign', '00:1b.0', 'other', '--with-group', '--yes'])).exit;
  assert.equal(exit, 0, 'nothing has to be taken back first');
  assert.equal((await runUndo({ host, uri }, stateDir, 1)).status, 'undone');
});

test('the status of a run follows from its records', () => {
  const at = { seq: 0, at: '', boot: null };
  const step = {
    id: 's',
    kind: 'reboot',
    target: { why: '' },
    before: { bootId: null },
    after: { bootId: null },
  };
  const plan = { verb: 'assign', steps: [step], deferred: [{ ...step, id: 'd' }] };
  const status = (...entries: Partial<JournalEntry>[]) =>
    runStatus({
      number: 1,
      head: { plan },
      records: entries.map((e) => ({ ...at, ...e })),
      torn: false,
    } as unknown as Run);
  const intent = (id = 's') => ({ type: 'intent' as const, step: id });
  const outcome = (result: string, id = 's') =>
    ({ type: 'outcome' as const, step: id, result }) as Partial<JournalEntry>;
  assert.equal(status(), 'open');
  assert.equal(status(intent()), 'open');
  assert.equal(status(intent(), outcome('failed')), 'open');
  assert.equal(status(intent(), outcome('unknown')), 'unknown');
  assert.equal(status(intent(), outcome('done')), 'done');
  assert.equal(status(outcome('there')), 'done');
  assert.equal(status(intent(), outcome('done'), intent('d')), 'open', 'a deferred step is under way');
  assert.equal(status(intent(), outcome('done'), intent('d'), outcome('done', 'd')), 'done');
  assert.equal(status(intent(), outcome('done'), { type: 'undo-intent', step: 's' }), 'open');
  assert.equal(
    status(intent(), outcome('done'), { type: 'undo-outcome', step: 's', result: 'nothing' }),
    'open',
    'its undo was cut off',
  );
  assert.equal(status(intent(), { type: 'wait-reboot', step: 's' }), 'waiting');
  assert.equal(status(intent(), outcome('done'), { type: 'end', status: 'partial' }), 'partial');
});

/** As a version to come may write it: another document, and a kind of record that nobody knows yet. */
const newer = (all: string) =>
  all.replace('"by":"', '"by":"99.').replaceAll('"type":"outcome"', '"type":"result"');

test('a journal of a newer vfioctl is named by history and status, and refuses only what needs it', async () => {
  const host = rigHost();
  await lend(host, 'other', '0000:00:1b.0');
  await lend(host);
  rewrite(host, 2, newer);
  const history = await commandRun(host, ['history']);
  assert.equal(history.exit, 0);
  assert.match(history.stdout, /1 .*done +assign +00:1b\.0 +other/);
  assert.match(
    history.stderr,
    /run 2 cannot be read: .*000002\.ndjson line 4 is no record that vfioctl .* knows \(vfioctl 99\./,
  );
  assert.deepEqual(
    JSON.parse((await commandRun(host, ['history', '--json'])).stdout).unreadable.map(
      (r: { run: number }) => r.run,
    ),
    [2],
  );
  assert.match((await commandRun(host, ['status'])).stdout, /odd: .*000002\.ndjson line 4/);

  // It ended well, so that what it is about may be changed further; and the run before it is about something else.
  assert.equal((await lend(host, 'plain', '0000:00:1f.4')).status, 'done');
  assert.equal((await runUndo({ host, uri }, stateDir, 1)).status, 'undone');
  await assert.rejects(runUndo({ host, uri }, stateDir, 2), {
    code: 'journal-invalid',
    message: /99\./,
    hint: /the vfioctl that wrote it/,
  });
});

test('beside a newer journal that is not at its end nothing is begun on the same, and nothing under it undone', async () => {
  const host = rigHost();
  const first = await lend(host);
  const plan = await assignPlan(host);
  const steps = plan.steps.slice(1, 2).map(stepReversed);
  await planApply({ host, uri }, { ...plan, verb: 'release', steps }, options);
  rewrite(host, 2, (all) => newer(all).split('\n').slice(0, 3).join('\n').concat('\n{"type":"result"}\n'));
  await assert.rejects(runUndo({ host, uri }, stateDir, first.run), {
    code: 'refused',
    message: /run 2 was made after run 1 and may build on it/,
  });
  await assert.rejects(lend(host), { code: 'journal-invalid' });
  assert.equal((await lend(host, 'other', '0000:00:1b.0')).status, 'done', 'elsewhere it is');
  // Of what says nothing at all, everything may be meant.
  host.replace(path(2), '{"type":"run","plan":7}\n');
  await assert.rejects(lend(host, 'plain', '0000:00:1f.4'), { code: 'journal-invalid' });
});

test('an undo that is killed at any of its records, and undone again, and killed again, ends as before', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const before = await domainXml(host, uri, plan.guest!.uuid, whole);
  await planApply({ host, uri }, plan, options);
  const { faultyHost, Killed } = await import('../../src/host/simulated/faulty-host.ts');
  for (const what of ['kill-after', 'kill-before', 'kill-after'] as const) {
    for (let nth = 1; nth <= 4; nth += 1) {
      const mortal = faultyHost(host, { on: 'write', nth, matching: '/runs/', what });
      await runUndo({ host: mortal, uri }, stateDir, 1).catch((error: unknown) => {
        assert.ok(error instanceof Killed, String(error));
      });
    }
  }
  assert.equal((await runUndo({ host, uri }, stateDir, 1)).failure, null);
  assert.equal(await domainXml(host, uri, plan.guest!.uuid, whole), before);
  const records = (await runRead(host, stateDir, 1)).records;
  assert.ok(records.some((r) => r.type === 'undo-intent'));
  const children = records.filter((r) => r.type === 'child').length;
  assert.ok(children > 3, 'the tools of an undo are journalled too, so that the next one can wait for them');
});
