import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { collect } from '../../src/facts/collect.ts';
import { domainXml } from '../../src/host/libvirt/domain.ts';
import { liveHost } from '../../src/host/live.ts';
import { modelOf } from '../../src/model/model.ts';
import { planAssign } from '../../src/plan/assign.ts';
import { planRelease } from '../../src/plan/release.ts';
import { type TestGuest, testGuest } from '../libvirtd.ts';

// The real libvirtd of this machine, a real journal on a real disk; the guest is never started, for nothing can be
// lent here: that is the rig's part.
const uri = 'qemu:///system';
const whole = { inactive: true, secrets: true };
const host = liveHost();
const stateDir = join(mkdtempSync(join(tmpdir(), 'vfioctl-apply-')), 'state');
after(() => rmSync(stateDir, { recursive: true, force: true }));

// Without the vfio facts the plan loads no module: this machine's kernel may have none.
async function planned(guest: TestGuest) {
  const model = modelOf(await collect(host, ['functions', 'groups', 'libvirt'], { uri }));
  const functions = [...model.functions.keys()].slice(1, 3);
  return { model, functions, guest: model.guests.find((g) => g.uuid === guest.uuid)! };
}

for (const machine of ['q35', 'pc'] as const) {
  test(`${machine}: assign, release and their undo leave the definition byte for byte, password included`, async (t) => {
    const guest = await testGuest(t, { machine, devices: "<graphics type='vnc' passwd='s3cretvn'/>" });
    const before = await domainXml(host, uri, guest.uuid, whole);
    assert.match(before, /s3cretvn/);

    const first = await planned(guest);
    const plan = planAssign(first.model, {
      functions: first.functions,
      guest: first.guest,
      start: false,
      live: false,
      slot: null,
      first: false,
    });
    assert.doesNotMatch(JSON.stringify(plan), /s3cretvn/, 'no plan holds a secret');
    const assigned = await planApply({ host, uri }, plan, { stateDir, argv: ['assign'] });
    assert.equal(assigned.status, 'done', JSON.stringify(assigned.failure));
    const lent = await domainXml(host, uri, guest.uuid, whole);
    for (const address of first.functions)
      assert.match(lent, new RegExp(`ua-vfioctl-${address.replace(/[:.]/g, '-')}`));

    const second = await planned(guest);
    assert.deepEqual(
      second.model.lends.filter((l) => l.guest.uuid === guest.uuid).map((l) => [l.address, l.ours]),
      first.functions.map((a) => [a, true]),
    );
    const release = planRelease(second.model, {
      functions: second.functions,
      guest: second.guest,
      stop: false,
      live: false,
      braked: null,
    });
    const definitionOnly = { ...release, steps: release.steps.filter((s) => s.kind !== 'driver-bind') };
    const released = await planApply({ host, uri }, definitionOnly, { stateDir, argv: ['release'] });
    assert.equal(released.status, 'done', JSON.stringify(released.failure));
    // Nothing of the lend stays: no element, no metadata, no controller that libvirt added for it.
    assert.equal(await domainXml(host, uri, guest.uuid, whole), before);

    assert.equal((await runUndo({ host, uri }, stateDir, released.run)).status, 'undone');
    assert.equal(await domainXml(host, uri, guest.uuid, whole), lent);
    assert.equal((await runUndo({ host, uri }, stateDir, assigned.run)).status, 'undone');
    assert.equal(await domainXml(host, uri, guest.uuid, whole), before);
  });
}

test('the journal is for root alone, and a state directory that cannot be made stops before anything is changed', async (t) => {
  const guest = await testGuest(t, { machine: 'q35', devices: '' });
  const before = await domainXml(host, uri, guest.uuid, whole);
  const { model, functions, guest: lender } = await planned(guest);
  const plan = planAssign(model, {
    functions: functions.slice(0, 1),
    guest: lender,
    start: false,
    live: false,
    slot: null,
    first: false,
  });
  await assert.rejects(planApply({ host, uri }, plan, { stateDir: '/proc/nowhere', argv: [] }), {
    code: 'state-unwritable',
    message: /\/proc\/nowhere/,
  });
  assert.equal(await domainXml(host, uri, guest.uuid, whole), before);
  for (const name of readdirSync(join(stateDir, 'runs'))) {
    assert.equal(statSync(join(stateDir, 'runs', name)).mode & 0o777, 0o600, name);
  }
  assert.equal(statSync(stateDir).mode & 0o777, 0o700);
});
