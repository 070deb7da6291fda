import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brakeHeld } from '../../src/apply/brake.ts';
import { runStatus } from '../../src/apply/journal.ts';
import type { RunReport } from '../../src/apply/report.ts';
import { commandRun } from '../../src/cli/command-run.ts';
import { faultyHost } from '../../src/host/simulated/faulty-host.ts';
import { type TypedHost, typedHost } from './rig.ts';
import { assertDocument } from './schemas.ts';

const ASSIGN = ['assign', '01:00.0', 'tone', '--yes'];

/** `tone` starts with the host, and has nothing lent. */
async function braking(): Promise<TypedHost> {
  const typed = typedHost();
  await typed.virsh('autostart', 'tone');
  return typed;
}

const autostart = ({ host }: TypedHost) => host.state.guests.find((g) => g.name === 'tone')!.autostart;
const stepsOf = (stdout: string) =>
  (assertDocument(stdout) as unknown as RunReport).steps.map((s) => [s.id.split(' 0000')[0], s.result]);

test('a new lend takes autostart away before anything is lent, and the plan says when it comes back', async () => {
  const typed = await braking();
  const plan = await typed.vfioctl(...ASSIGN, '--dry-run');
  assert.match(plan.stdout, /1\. do not let tone start with the host\n +virsh autostart --disable /);
  assert.match(plan.stdout, /then, once that is proven: let tone start with the host/);
  assert.match(plan.stdout, /note: autostart of tone is off until its first proven start/);
  assert.equal(autostart(typed), true, 'a dry run changes nothing');

  const { exit, stdout } = await typed.vfioctl(...ASSIGN, '--json');
  assert.equal(exit, 0);
  assert.deepEqual(stepsOf(stdout), [
    ['guest-autostart off', 'done'],
    ['guest-hostdev', 'done'],
    ['guest-metadata', 'done'],
  ]);
  assert.equal(autostart(typed), false);
  typed.host.powerCut();
  assert.match(await typed.virsh('domstate', 'tone'), /shut off/, 'the unproven lend does not meet the host');
});

test('status says whose autostart is off, and what gives it back', async () => {
  const typed = await braking();
  const status = async () => assertDocument((await typed.vfioctl('status', '--json')).stdout);
  await typed.vfioctl(...ASSIGN);
  assert.deepEqual((await status()).braked, ['tone']);
  assert.equal((await status()).next, 'virsh start tone, then vfioctl verify tone --exercise');
  assert.match((await typed.vfioctl('status')).stdout, /^autostart of tone is off until/m);
  await typed.virsh('start', 'tone');
  assert.equal((await status()).next, 'vfioctl verify tone --exercise');
  assert.equal((await typed.vfioctl('verify', 'tone', '--exercise')).exit, 0);
  assert.deepEqual((await status()).braked, []);
});

test('whoever turned it on by hand meanwhile is not told that it is off', async () => {
  const typed = await braking();
  await typed.vfioctl(...ASSIGN);
  await typed.virsh('autostart', 'tone');
  assert.doesNotMatch((await typed.vfioctl('status')).stdout, /autostart/);
});

test('taking the brake back is a tool that the journal names, like every other', async () => {
  const typed = await braking();
  await typed.vfioctl(...ASSIGN);
  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  const records = (await typed.runs())[0]!.records;
  const begun = records.findIndex((r) => r.type === 'undo-intent' && r.step === 'guest-autostart off');
  const child = records[begun + 1];
  assert.ok(child?.type === 'child' && child.argv.includes('autostart'), JSON.stringify(child));
});

test('a guest without autostart, and a lend that is there already, know no brake', async () => {
  const typed = typedHost();
  const plain = await typed.vfioctl(...ASSIGN, '--json');
  assert.deepEqual(
    stepsOf(plain.stdout).map(([id]) => id),
    ['guest-hostdev', 'guest-metadata'],
  );
  await typed.virsh('autostart', 'tone');
  const again = await typed.vfioctl(...ASSIGN, '--start', '--json');
  assert.deepEqual(stepsOf(again.stdout), [['guest-start', 'done']]);
  assert.equal(autostart(typed), true);
});

test('--start that proves everything gives it back in the same run, and undo leaves it as before', async () => {
  const typed = await braking();
  const before = typed.guests();
  const { exit, stdout } = await typed.vfioctl(...ASSIGN, '--start', '--json');
  assert.equal(exit, 0);
  assert.deepEqual(stepsOf(stdout).at(-1), ['guest-autostart on', 'done']);
  assert.equal(autostart(typed), true);
  const [run] = await typed.runs();
  assert.equal(runStatus(run!), 'done');
  assert.equal(
    run!.records.findLast((r) => r.type === 'intent')?.step,
    'guest-autostart on',
    'it is journalled like every other step',
  );
  assert.equal(brakeHeld([run!], run!.head.plan.guest!.uuid), null);

  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  assert.equal(typed.guests(), before, 'definition and autostart');
});

test('undo before the proof gives it back too', async () => {
  const typed = await braking();
  const before = typed.guests();
  await typed.vfioctl(...ASSIGN);
  assert.notEqual(typed.guests(), before);
  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  assert.equal(typed.guests(), before);
});

test('verify gives it back when it proves everything, and only then', async () => {
  const typed = await braking();
  await typed.vfioctl(...ASSIGN);
  const off = await typed.vfioctl('verify', 'tone');
  assert.equal(off.exit, 7);
  assert.match(off.stderr, /autostart of tone stays off: not everything that is lent to it is proven/);
  assert.equal(autostart(typed), false);
  await typed.virsh('start', 'tone');
  const proven = await typed.vfioctl('verify', 'tone', '--exercise');
  assert.equal(proven.exit, 0, proven.stdout);
  assert.match(proven.stderr, /let tone start with the host: done/);
  assert.equal(autostart(typed), true);
  const [run, ...more] = await typed.runs();
  assert.equal(more.length, 0, 'no run of its own');
  assert.equal(runStatus(run!), 'done');
  assert.equal((await typed.vfioctl('verify', 'tone', '--exercise')).stderr, '', 'once is enough');
});

test('who is not root sees the proof, and is told who gives it back', async () => {
  const typed = await braking();
  await typed.vfioctl(...ASSIGN);
  await typed.virsh('start', 'tone');
  const user = new Proxy(typed.host, {
    get(target, name) {
      if (name === 'writable') return false;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { exit, stderr } = await commandRun(user, ['verify', 'tone', '--exercise']);
  assert.equal(exit, 0);
  assert.match(stderr, /autostart of tone stays off: .*sudo vfioctl verify tone/);
  assert.equal(autostart(typed), false);
});

test('a second lend on the brake: what is lent must be proven whole', async () => {
  const typed = await braking();
  await typed.vfioctl(...ASSIGN);
  const second = await typed.vfioctl('assign', '00:1b.0', 'tone', '--with-group', '--yes', '--json');
  assert.equal(second.exit, 0, second.stdout);
  assert.ok(!stepsOf(second.stdout).some(([id]) => id?.startsWith('guest-autostart')), 'it is off already');
  const runs = await typed.runs();
  const held = brakeHeld(runs, runs[0]!.head.plan.guest!.uuid);
  assert.equal(held?.run.number, 1);
  assert.deepEqual([...held!.functions].sort(), ['0000:00:1b.0', '0000:00:1b.1', '0000:01:00.0']);

  const first = await typed.vfioctl('release', '01:00.0', '--yes', '--json');
  assert.ok(!stepsOf(first.stdout).some(([id]) => id?.startsWith('guest-autostart')));
  assert.equal(autostart(typed), false, 'the other lend is as unproven');
  const last = await typed.vfioctl('release', '00:1b', '--yes', '--json');
  assert.deepEqual(stepsOf(last.stdout).at(-1), ['guest-autostart on', 'done']);
  assert.equal(autostart(typed), true);
});

test('release of the last new lend gives it back, and its undo takes it away again', async () => {
  const typed = await braking();
  const before = typed.guests();
  await typed.vfioctl(...ASSIGN);
  const braked = typed.guests();
  const { exit, stderr } = await typed.vfioctl('release', '01:00.0', '--yes');
  assert.equal(exit, 0);
  assert.match(stderr, /note: tone starts with the host again/);
  assert.equal(typed.guests(), before);
  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  assert.equal(typed.guests(), braked);
  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  assert.equal(typed.guests(), before);
});

test('autostart that cannot be given back leaves what is proven standing, and verify tries again', async () => {
  const typed = await braking();
  const faulty = faultyHost(typed.host, { on: 'run', nth: 2, matching: ' autostart ', what: 'fail' });
  const { exit, stdout } = await commandRun(faulty, [...ASSIGN, '--start']);
  assert.equal(exit, 7);
  assert.match(stdout, /✗ let tone start with the host \(failed\)/);
  assert.match(stdout, /assign: done/);
  assert.equal(autostart(typed), false);
  assert.equal(runStatus((await typed.runs())[0]!), 'done');
  assert.equal((await typed.vfioctl('verify', 'tone', '--exercise')).exit, 0);
  assert.equal(autostart(typed), true);
});

test('the way back from the boot menu is said once in a state directory', async () => {
  const typed = typedHost();
  const said = /module_blacklist=vfio_pci,vfio_pci_core to the kernel's line in the boot menu/;
  assert.match((await typed.vfioctl(...ASSIGN)).stderr, said);
  await typed.vfioctl('release', '01:00.0', '--yes');
  assert.doesNotMatch((await typed.vfioctl(...ASSIGN)).stderr, said);
  const elsewhere = await typed.vfioctl(
    'assign',
    '00:1b',
    'plain',
    '--dry-run',
    '--state-dir',
    '/root/other',
  );
  assert.match(elsewhere.stdout, said);
});

test('the plain script does the same in the same order, and leaves the proof to its reader', async () => {
  const typed = await braking();
  const { stdout } = await typed.vfioctl(...ASSIGN, '--start', '--dry-run', '--format', 'sh');
  const lines = stdout.split('\n');
  const at = (text: string) => {
    const index = lines.findIndex((l) => l.startsWith(text));
    assert.notEqual(index, -1, `${text} in\n${stdout}`);
    return index;
  };
  assert.ok(at('virsh autostart --disable ') < at('virsh attach-device '));
  assert.ok(at('virsh start ') < at('# let tone start with the host, once it has been proven:'));
  assert.match(lines[at('# let tone start') + 1]!, /^# {3}virsh autostart [0-9a-f-]+$/);
  assert.match(lines.at(-2)!, /^# {3}virsh autostart [0-9a-f-]+$/, 'undo ends where the plan began');
});
