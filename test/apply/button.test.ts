import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patienceOf } from '../../src/apply/patience.ts';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { driverOf } from '../../src/facts/driver.ts';
import { domainState } from '../../src/host/libvirt/domain.ts';
import { faultyHost, Killed } from '../../src/host/simulated/faulty-host.ts';
import { hostWith } from './around.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

test('a guest that was started a moment ago hears no power button: it is pressed again until it is heard', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const uuid = plan.guest!.uuid;
  const mortal = faultyHost(host, { on: 'run', nth: 1, matching: ' start ', what: 'kill-after' });
  await assert.rejects(planApply({ host: mortal, uri }, plan, { stateDir, argv: [] }), Killed);
  assert.equal(await domainState(host, uri, uuid), 'running');

  const pressed: Date[] = [];
  const run: typeof host.run = (argv, options) => {
    if (argv.includes('shutdown')) pressed.push(host.now());
    return host.run(argv, options);
  };
  const { status } = await runUndo({ host: hostWith(host, { run }), uri }, stateDir, 1);
  assert.equal(status, 'undone');
  assert.equal(await domainState(host, uri, uuid), 'shut off');
  assert.equal(driverOf(host, OWN), 'snd_hda_intel');
  assert.equal(pressed.length, 2);
});

test('patience counts what looks take, and not what the clock is set to', async () => {
  const host = rigHost();
  let jump = 0;
  const now = () => new Date(host.now().getTime() + jump);
  const patience = patienceOf(hostWith(host, { now }));
  await patience.pause(1_000);
  assert.equal(patience.waitedMs, 1_000);
  await host.sleep(2_000);
  await patience.pause(1_000);
  assert.equal(patience.waitedMs, 4_000);
  for (const set of [-86_400_000, 86_400_000]) {
    jump = set;
    const before: number = patience.waitedMs;
    await patience.pause(1_000);
    assert.equal(patience.waitedMs - before, 1_000);
  }
});
