import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flightsNow, flightsWait } from '../../src/apply/flight.ts';
import { type Run, runRead, runStatus } from '../../src/apply/journal.ts';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { commandRun } from '../../src/cli/command-run.ts';
import { driverOf } from '../../src/facts/driver.ts';
import { domainXml } from '../../src/host/libvirt/domain.ts';
import { faultPlant } from '../../src/host/simulated/faults.ts';
import type { SimulatedHost } from '../../src/host/simulated/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { hostWith } from './around.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

const whole = { inactive: true, secrets: true };
const options = { stateDir, argv: ['assign'] };

/** Seconds of the machine's own time that it takes. */
async function seconds(host: SimulatedHost, act: () => Promise<unknown>): Promise<number> {
  const from = host.now().getTime();
  await act();
  return (host.now().getTime() - from) / 1000;
}

async function stuckHost() {
  const host = rigHost();
  const plan = await assignPlan(host);
  const before = await domainXml(host, uri, plan.guest!.uuid, whole);
  faultPlant(host, 'stuck-unbind', OWN);
  return { host, plan, before };
}

test('a driver that never lets go: the outcome is unknown, the device is named, nothing is undone beside it', async () => {
  const { host, plan } = await stuckHost();
  const applied = await planApply({ host, uri }, plan, options);
  assert.equal(applied.status, 'unknown');
  assert.deepEqual(
    applied.steps.map((s) => s.result),
    ['done', 'done', 'unknown'],
  );
  assert.equal(applied.failure!.code, 'outcome-unknown');
  assert.match(
    applied.failure!.message,
    /^virsh start did not end within 300 s; .*01:00\.0 is stuck in the kernel/,
  );
  assert.match(applied.failure!.hint, /nothing but a reboot frees it; then run: vfioctl undo 1/);
  const run = await runRead(host, stateDir, 1);
  assert.equal(runStatus(run), 'unknown');
  assert.ok(
    run.records.some((r) => r.type === 'child' && r.argv.includes('start')),
    'the tool is journalled',
  );
  assert.ok(!run.records.some((r) => r.type === 'undo-intent'));
});

test('status, list, show, history and undo come back within their deadlines and say what is stuck', async () => {
  const { host, plan } = await stuckHost();
  await planApply({ host, uri }, plan, options);
  const told = async (argv: string[]) => {
    let run = { exit: -1, stdout: '', stderr: '' };
    const took = await seconds(host, async () => {
      run = await commandRun(host, argv);
    });
    return { took, exit: run.exit, text: run.stdout + run.stderr };
  };
  // libvirtd holds the guest's lock, and listing looks into each: its 45 s, and 2 s for each file that is silent.
  for (const argv of [['status'], ['list'], ['show', OWN]]) {
    const { took, text } = await told(argv);
    assert.ok(took > 40 && took < 60, `${argv}: ${took} s`);
    assert.match(text, /libvirt did not answer virsh list within 45 s/);
  }
  assert.match(
    (await told(['status'])).text,
    /odd: 01:00\.0 is stuck in the kernel: its driver does not let go/,
  );
  assert.match((await told(['status'])).text, /next: reboot, then vfioctl undo 1/);
  assert.match((await told(['show', OWN])).text, /did not answer in time: the device is stuck in the kernel/);
  const history = await told(['history']);
  assert.ok(history.took < 1);
  assert.match(history.text, /unknown +assign/);

  const undo = await told(['undo', '--yes']);
  assert.equal(undo.exit, 5);
  assert.ok(undo.took < 15, `${undo.took} s`);
  assert.match(undo.text, /01:00\.0 is stuck in the kernel/);
  assert.match(undo.text, /nothing but a reboot frees it/);
  assert.equal(runStatus(await runRead(host, stateDir, 1)), 'unknown', 'it can be undone later');
});

test('after the reboot the undo leaves all as before, to the byte', async () => {
  const { host, plan, before } = await stuckHost();
  await planApply({ host, uri }, plan, options);
  await runUndo({ host, uri }, stateDir, 1);
  host.reboot();
  const report = await runUndo({ host, uri }, stateDir, 1);
  assert.equal(report.status, 'undone', JSON.stringify(report.failure));
  assert.equal(await domainXml(host, uri, plan.guest!.uuid, whole), before);
  assert.equal(driverOf(host, OWN), 'snd_hda_intel');
  assert.equal(host.read(`/sys/bus/pci/devices/${OWN}/driver_override`).state, 'read');
});

/** Loads or unloads a module for a guest: the tool that gets stuck is then a child of ours. */
function modulePlan(plan: Plan, module: string, loaded: boolean): Plan {
  const id = `module-load ${module}`;
  const step = { id, kind: 'module-load' as const, target: { module } };
  return { ...plan, steps: [{ ...step, before: { loaded: !loaded }, after: { loaded } }] };
}

test('a child that sleeps in the kernel is named, left alone, and not waited for as one that runs', async () => {
  const { host, plan } = await stuckHost();
  const applied = await planApply({ host, uri }, modulePlan(plan, 'snd_hda_intel', false), options);
  assert.equal(applied.status, 'unknown');
  const child = (await runRead(host, stateDir, 1)).records.find((r) => r.type === 'child')!;
  const words = new RegExp(`modprobe -r snd_hda_intel \\(pid ${child.pid}\\) of run 1 sleeps in the kernel`);
  assert.match(applied.failure!.message, words);
  assert.match(String((host.read(`/proc/${child.pid}/stat`) as { value: string }).value), /\(modprobe\) D /);

  let report: Awaited<ReturnType<typeof runUndo>> | undefined;
  const took = await seconds(host, async () => {
    report = await runUndo({ host, uri }, stateDir, 1);
  });
  assert.ok(took < 15, `${took} s`);
  assert.equal(report!.status, 'unknown');
  assert.match(report!.failure!.message, words);
  const records = (await runRead(host, stateDir, 1)).records;
  assert.ok(!records.some((r) => r.type.startsWith('undo')), 'nothing was done beside it');
});

test('nothing new is begun on what is in flight; elsewhere it is', async () => {
  const { host, plan } = await stuckHost();
  await planApply({ host, uri }, modulePlan(plan, 'snd_hda_intel', false), options);
  const begin = (name: string, address: string) =>
    assignPlan(host, name, address).then((p) =>
      planApply({ host, uri }, { ...p, steps: p.steps.slice(0, 1) }, options),
    );
  const busy = { code: 'busy', message: /modprobe -r snd_hda_intel \(pid \d+\) of run 1 sleeps/ };
  await assert.rejects(begin('tone', '0000:00:1b.0'), busy, 'the same guest');
  await assert.rejects(begin('other', OWN), busy, 'the same function');
  assert.equal((await begin('other', '0000:00:1b.0')).status, 'done');
  host.reboot();
  assert.equal((await begin('tone', OWN)).status, 'done');
});

/** A run of this boot whose last record is a child, and what /proc says of that child. */
function flying(stat: (look: number) => string | null) {
  const host = rigHost();
  let looks = 0;
  const read: SimulatedHost['read'] = (path, bytes) => {
    if (path !== '/proc/4711/stat') return host.read(path, bytes);
    const value = stat(++looks);
    return value === null ? { state: 'absent' } : { state: 'read', value };
  };
  const boot = (host.read('/proc/sys/kernel/random/boot_id') as { value: string }).value.trim();
  const at = { at: '2026-11-25T09:00:00.000Z', boot };
  const plan: Plan = {
    schema: 'vfioctl/plan/1',
    verb: 'assign',
    guest: null,
    functions: [],
    steps: [],
    difference: [],
    notes: [],
  };
  const head = {
    ...at,
    seq: 0,
    type: 'run' as const,
    journal: 'vfioctl/journal/1' as const,
    by: '0',
    run: 3,
    argv: [],
    plan,
  };
  const child = {
    ...at,
    seq: 1,
    type: 'child' as const,
    step: 's',
    argv: ['virsh', 'start'],
    pid: 4711,
    startTicks: 900,
  };
  const run: Run = { number: 3, head, records: [head, child], torn: false };
  return { host: hostWith(host, { read }), run, machine: host };
}

const stat = (state: string, ticks = 900) =>
  `4711 (a) b (c) ${state} 1 ${Array.from({ length: 17 }, () => '0').join(' ')} ${ticks} 0\n`;

test('a tool that runs is waited for; one that sleeps for a moment is not taken for stuck', async () => {
  const ends = flying((look) => (look > 20 ? null : stat(look % 3 === 0 ? 'S' : 'D')));
  const took = await seconds(ends.machine, async () => {
    assert.deepEqual(await flightsWait(ends.host, ends.run), []);
  });
  assert.ok(took >= 19 && took < 25, `${took} s`);

  const never = flying(() => stat('S'));
  assert.equal(
    Math.round(await seconds(never.machine, () => flightsWait(never.host, never.run))),
    120,
    'and no longer than two minutes',
  );
  const [flight] = await flightsNow(never.host, [never.run]);
  assert.deepEqual([flight?.stuck, flight?.text], [false, 'virsh start (pid 4711) of run 3 still runs']);
});

test('a pid that was given away, a tool that nobody has reaped, and another boot are nothing in flight', async () => {
  for (const [why, value] of Object.entries({ given: stat('S', 901), reaped: stat('Z'), gone: null })) {
    const { host, run } = flying(() => value);
    assert.deepEqual(await flightsNow(host, [run]), [], why);
  }
  const { host, run } = flying(() => stat('D'));
  assert.equal((await flightsNow(host, [run])).length, 1);
  const records = run.records.map((r) => ({ ...r, boot: 'another' }));
  assert.deepEqual(await flightsNow(host, [{ ...run, records }]), []);
});
