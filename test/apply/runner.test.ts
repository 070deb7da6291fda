import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRead, runStatus } from '../../src/apply/journal.ts';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { driverOf } from '../../src/facts/driver.ts';
import { domainState, domainXml } from '../../src/host/libvirt/domain.ts';
import { faultyHost } from '../../src/host/simulated/faulty-host.ts';
import { stepReversed } from '../../src/plan/show.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

const whole = { inactive: true, secrets: true };
const options = { stateDir, argv: ['assign'] };

test('a plan is applied, journalled and undone; the definition comes back byte for byte', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const uuid = plan.guest!.uuid;
  const before = await domainXml(host, uri, uuid, whole);
  const applied = await planApply({ host, uri }, plan, options);
  assert.equal(applied.status, 'done');
  assert.deepEqual(
    applied.steps.map((s) => s.result),
    ['done', 'done', 'done'],
  );
  assert.equal(driverOf(host, OWN), 'vfio-pci');
  assert.notEqual(await domainXml(host, uri, uuid, whole), before);

  const run = await runRead(host, stateDir, applied.run!);
  assert.equal(runStatus(run), 'done');
  const kinds = run.records.map((r) => r.type);
  assert.deepEqual(kinds, [
    'run',
    'intent',
    'child',
    'outcome',
    'intent',
    'child',
    'outcome',
    'intent',
    'child',
    'outcome',
    'end',
  ]);

  const report = await runUndo({ host, uri }, stateDir, null);
  assert.equal(report.status, 'undone');
  assert.equal(await domainState(host, uri, uuid), 'shut off');
  assert.equal(driverOf(host, OWN), 'snd_hda_intel');
  assert.equal(await domainXml(host, uri, uuid, whole), before);
  assert.equal(runStatus(await runRead(host, stateDir, applied.run!)), 'undone');
  assert.equal(
    (await runUndo({ host, uri }, stateDir, applied.run)).status,
    'nothing',
    'undone once is undone',
  );
});

test('a step that fails takes back what was done before it', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const uuid = plan.guest!.uuid;
  const before = await domainXml(host, uri, uuid, whole);
  const faulty = faultyHost(host, { on: 'run', nth: 1, matching: ' start ', what: 'fail' });
  const applied = await planApply({ host: faulty, uri }, plan, options);
  assert.equal(applied.status, 'undone');
  assert.equal(applied.failure?.step, 'start');
  assert.equal(await domainXml(host, uri, uuid, whole), before);
  assert.equal(driverOf(host, OWN), 'snd_hda_intel');
});

test('interrupted before a step: what was done is taken back', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const before = await domainXml(host, uri, plan.guest!.uuid, whole);
  const abort = new AbortController();
  const applied = await planApply({ host, uri }, plan, {
    ...options,
    signal: abort.signal,
    progress: (step, event) => step.id === 'metadata' && event === 'done' && abort.abort(),
  });
  assert.equal(applied.status, 'undone');
  assert.equal(applied.failure?.code, 'interrupted');
  assert.deepEqual(
    applied.steps.map((s) => s.result),
    ['undone', 'undone', 'failed'],
  );
  assert.equal(await domainXml(host, uri, plan.guest!.uuid, whole), before);
});

test('an earlier run is not undone under a later one that builds on it', async () => {
  const host = rigHost();
  const first = await planApply({ host, uri }, await assignPlan(host), options);
  const plan = await assignPlan(host, 'tone', '0000:00:1b.0');
  const second = await planApply({ host, uri }, { ...plan, steps: plan.steps.slice(0, 1) }, options);
  assert.equal(second.status, 'done');
  await assert.rejects(runUndo({ host, uri }, stateDir, first.run), { code: 'refused', message: /run 2/ });
  assert.equal((await runUndo({ host, uri }, stateDir, second.run)).status, 'undone');
  assert.equal((await runUndo({ host, uri }, stateDir, first.run)).status, 'undone');
});

test('what somebody changed meanwhile is kept: only ours goes', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const uuid = plan.guest!.uuid;
  const before = await domainXml(host, uri, uuid, whole);
  const applied = await planApply({ host, uri }, { ...plan, steps: plan.steps.slice(0, 1) }, options);
  const now = await domainXml(host, uri, uuid, whole);
  const changed = now.replace('<vcpu placement', '<title>mine</title>\n  <vcpu placement');
  assert.notEqual(changed, now, 'the definition has the place to change');
  const defined = await host.run(['virsh', '-q', '--connect', uri, 'define', '/dev/stdin'], {
    input: changed,
  });
  assert.equal(defined.code, 0, defined.stderr);
  assert.equal((await runUndo({ host, uri }, stateDir, applied.run)).status, 'undone');
  const after = await domainXml(host, uri, uuid, whole);
  assert.equal(after, before.replace('<vcpu placement', '<title>mine</title>\n  <vcpu placement'));
});

test('a reboot voids the start and keeps the definition undoable', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const uuid = plan.guest!.uuid;
  const before = await domainXml(host, uri, uuid, whole);
  const applied = await planApply({ host, uri }, plan, options);
  host.powerCut();
  assert.equal(driverOf(host, OWN), 'snd_hda_intel');
  const report = await runUndo({ host, uri }, stateDir, applied.run);
  assert.equal(report.status, 'undone');
  assert.equal(await domainXml(host, uri, uuid, whole), before);
});

test('two lends made one after the other go one by one, and leave the definition as it was', async () => {
  const host = rigHost();
  const first = await assignPlan(host);
  const uuid = first.guest!.uuid;
  const before = await domainXml(host, uri, uuid, whole);
  const second = await assignPlan(host, 'tone', '0000:00:1b.0');
  for (const plan of [first, second]) {
    const lend = { ...plan, steps: plan.steps.slice(0, 1) };
    assert.equal((await planApply({ host, uri }, lend, options)).status, 'done');
  }
  for (const plan of [first, second]) {
    const take = { ...plan, verb: 'release' as const, steps: plan.steps.slice(0, 1).map(stepReversed) };
    assert.equal((await planApply({ host, uri }, take, options)).status, 'done');
  }
  assert.equal(await domainXml(host, uri, uuid, whole), before);
});

test('a tool that does not answer and whose effect is not seen: unknown, and nothing is undone beside it', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const silent: typeof host = new Proxy(host, {
    get(target, name) {
      if (name === 'run') {
        const run: typeof host.run = async (argv, options) =>
          argv.includes('start')
            ? { argv, code: null, stdout: '', stderr: '', ms: 300_000, timedOut: true }
            : target.run(argv, options);
        return run;
      }
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const applied = await planApply({ host: silent, uri }, plan, options);
  assert.equal(applied.status, 'unknown');
  assert.equal(applied.failure?.code, 'outcome-unknown');
  assert.deepEqual(
    applied.steps.map((s) => s.result),
    ['done', 'done', 'unknown'],
  );
  assert.match(await domainXml(host, uri, plan.guest!.uuid, whole), /ua-vfioctl-/, 'the definition stands');
  assert.equal(runStatus(await runRead(host, stateDir, applied.run!)), 'unknown');
});
