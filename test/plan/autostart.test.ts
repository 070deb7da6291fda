import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll } from '../../src/facts/collect.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../src/host/simulated/index.ts';
import { type HostModel, modelOf } from '../../src/model/model.ts';
import { planAssign } from '../../src/plan/assign.ts';
import { rescueArgument } from '../../src/plan/autostart.ts';
import { planRelease } from '../../src/plan/release.ts';
import { planScript } from '../../src/plan/show.ts';

const OWN = '0000:01:00.0';
const host = simulatedHost(boardByName('rig-intel')!);
const snapshot = await collectAll(host, { uri: 'qemu:///system' });

/** The rig's host, where `tone` starts with it or not. */
function model(autostart: boolean, modules: Partial<NonNullable<Snapshot['modules']>> = {}): HostModel {
  const { libvirt } = snapshot;
  assert.ok(libvirt && snapshot.modules);
  return modelOf({
    ...snapshot,
    modules: { ...snapshot.modules, ...modules },
    libvirt: { ...libvirt, guests: libvirt.guests.map((g) => ({ ...g, autostart })) },
  });
}

function assign(on: HostModel, first = false) {
  const guest = on.guests.find((g) => g.name === 'tone')!;
  return planAssign(on, { functions: [OWN], guest, start: true, live: false, slot: null, first });
}

test('the brake comes first, its release is put off, and neither is there without autostart', () => {
  const braked = assign(model(true));
  assert.deepEqual(
    braked.steps.map((s) => s.kind),
    ['guest-autostart', 'guest-hostdev', 'guest-metadata', 'guest-start'],
  );
  assert.deepEqual(
    [
      braked.steps[0]!.before,
      braked.steps[0]!.after,
      braked.deferred?.[0]?.before,
      braked.deferred?.[0]?.after,
    ],
    [{ on: true }, { on: false }, { on: false }, { on: true }],
  );
  const plain = assign(model(false));
  assert.ok(!plain.steps.some((s) => s.kind === 'guest-autostart'));
  assert.equal(plain.deferred, undefined);
});

test('a release gives autostart back only when it was ours to give', () => {
  const kinds = (autostart: boolean, braked: readonly string[] | null) => {
    const on = model(autostart);
    const guest = on.guests.find((g) => g.name === 'tone')!;
    const plan = planRelease(on, { functions: [OWN], guest, stop: false, live: false, braked });
    return plan.steps.filter((s) => s.kind === 'guest-autostart').map((s) => s.after.on);
  };
  assert.deepEqual(kinds(false, [OWN]), [true]);
  assert.deepEqual(kinds(false, null), [], 'somebody else turned it off');
  assert.deepEqual(kinds(true, [OWN]), [], 'somebody turned it on meanwhile');
});

test('the way back from the boot menu keeps vfio-pci out, or libvirt where the kernel has it built in', () => {
  assert.equal(rescueArgument(model(true)), 'module_blacklist=vfio_pci,vfio_pci_core');
  const builtIn = model(true, { vfioPci: 'built-in' });
  assert.equal(rescueArgument(builtIn), 'systemd.mask=libvirtd.service systemd.mask=virtqemud.service');
  assert.ok(assign(builtIn, true).notes.some((n) => n.includes('systemd.mask=libvirtd.service')));
  assert.ok(!assign(builtIn).notes.some((n) => n.includes('boot menu')), 'said once');
});

test('the script names what follows the proof, and runs none of it', () => {
  const script = planScript(assign(model(true)), 'qemu:///system');
  const run = script.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(run.filter((line) => line.startsWith('virsh autostart')).length, 1);
  assert.match(run.find((line) => line.startsWith('virsh autostart'))!, /^virsh autostart --disable /);
});
