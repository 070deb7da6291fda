import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { driverOf } from '../../src/facts/driver.ts';
import { domainXml } from '../../src/host/libvirt/domain.ts';
import { faultyHost, Killed } from '../../src/host/simulated/faulty-host.ts';
import type { SimulatedHost } from '../../src/host/simulated/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Step } from '../../src/plan/step.ts';
import { CARD, F20VM, laptop } from '../host/simulated/machine.ts';
import { hostAnswering } from './around.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

const whole = { inactive: true, secrets: true };
const options = { stateDir, argv: [] };

/** The run is killed as its tool begins: there is an intent, and nobody knows of more. */
async function killed(host: SimulatedHost, plan: Plan, matching: string): Promise<void> {
  const mortal = faultyHost(host, { on: 'run', nth: 1, matching, what: 'kill-before' });
  await assert.rejects(planApply({ host: mortal, uri }, plan, options), Killed);
}

test('a function that was left between two drivers comes back to the one that it had', async () => {
  const host = rigHost();
  await host.run(['virsh', '-q', 'nodedev-detach', 'pci_0000_01_00_0']);
  const step: Step = {
    id: 'bind',
    kind: 'driver-bind',
    target: { address: OWN },
    before: { driver: 'vfio-pci' },
    after: { driver: 'snd_hda_intel' },
  };
  await killed(host, { ...(await assignPlan(host)), steps: [step] }, 'nodedev-reattach');
  host.write('/sys/bus/pci/drivers/vfio-pci/unbind', OWN);
  assert.equal(driverOf(host, OWN), null);
  assert.equal((await runUndo({ host, uri }, stateDir, 1)).status, 'undone');
  assert.equal(driverOf(host, OWN), 'vfio-pci');
});

test('an argument that stands in some boot entries, and in none before, goes out of all', async () => {
  let entries = ['quiet', 'quiet'];
  const machine = rigHost();
  const host = hostAnswering(machine, (words) => {
    if (!words.startsWith('grubby ')) return null;
    const remove = /--remove-args=(\S+)/.exec(words)?.[1];
    if (remove) entries = entries.map((args) => args.replace(` ${remove}`, ''));
    return { code: 0, stdout: entries.map((args) => `kernel="/boot/vmlinuz"\nargs="${args}"\n`).join('') };
  });
  const step: Step = {
    id: 'argument',
    kind: 'kernel-argument',
    target: { argument: 'intel_iommu=on', tool: 'grubby' },
    before: { present: false },
    after: { present: true },
  };
  const plan: Plan = {
    ...(await assignPlan(machine)),
    verb: 'prepare',
    guest: null,
    functions: [],
    steps: [step],
  };
  await killed(host, plan, '--update-kernel');
  entries[0] = 'quiet intel_iommu=on';
  assert.equal((await runUndo({ host, uri }, stateDir, 1)).failure, null);
  assert.deepEqual(entries, ['quiet', 'quiet']);

  // Before we came somebody else had done half of it: that is not ours to complete, nor to take away.
  entries[0] = 'quiet intel_iommu=on';
  const applied = await planApply({ host, uri }, plan, options);
  assert.deepEqual([applied.status, applied.failure?.code], ['undone', 'changed']);
  assert.deepEqual(entries, ['quiet intel_iommu=on', 'quiet']);
});

test('what was plugged into a running guest is gone with it; its definition is taken back', async () => {
  // Its guest has a bus of the old kind, where libvirt plugs into any slot.
  const host = await laptop();
  const plan = await assignPlan(host, F20VM, CARD);
  const { uuid } = plan.guest!;
  const before = await domainXml(host, uri, uuid, whole);
  await host.run(['virsh', '-q', 'start', uuid]);
  const [config] = plan.steps as [Extract<Step, { kind: 'guest-hostdev' }>];
  const live: Step = { ...config, id: 'live', target: { ...config.target, scope: 'live' } };
  const applied = await planApply({ host, uri }, { ...plan, steps: [config, live] }, options);
  assert.equal(applied.status, 'done', applied.failure?.message);
  await host.run(['virsh', '-q', 'destroy', uuid]);
  const report = await runUndo({ host, uri }, stateDir, 1);
  assert.equal(report.failure, null);
  assert.deepEqual(
    report.steps.map((s) => s.result),
    ['undone', 'skipped'],
  );
  assert.equal(await domainXml(host, uri, uuid, whole), before);
});

test('nothing is plugged into a guest that has gone off meanwhile', async () => {
  const host = rigHost();
  const plan = await assignPlan(host);
  const [config] = plan.steps as [Extract<Step, { kind: 'guest-hostdev' }>];
  const live: Step = { ...config, id: 'live', target: { ...config.target, scope: 'live' } };
  const applied = await planApply({ host, uri }, { ...plan, steps: [config, live] }, options);
  assert.deepEqual([applied.status, applied.failure?.code], ['undone', 'changed']);
  assert.match(applied.failure!.message, /tone does not run any more/);
});
