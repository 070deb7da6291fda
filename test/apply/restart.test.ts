import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRead, runStatus } from '../../src/apply/journal.ts';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { driverOf } from '../../src/facts/driver.ts';
import { domainState, domainXml } from '../../src/host/libvirt/domain.ts';
import type { SimulatedHost } from '../../src/host/simulated/index.ts';
import { hostAnswering, hostWith } from './around.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

// What virsh 9.0 says, recorded from a libvirtd that was killed in the middle of a start, and after it.
const LOST = `error: Disconnected from qemu:///system due to end of file
error: Failed to start domain 'tone'
error: End of file while reading data: Input/output error
`;
const AWAY = `error: failed to connect to the hypervisor
error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Connection refused
`;
const RESET = `error: failed to connect to the hypervisor
error: Cannot recv data: Connection reset by peer
`;

const whole = { inactive: true, secrets: true };
const options = { stateDir, argv: ['assign'] };
const CHANGES = / (attach-device|metadata|start|define|shutdown) /;

/** libvirtd ends in the nth call of virsh, that call done or not, and answers again after a while. */
function restarting(machine: SimulatedHost, nth: number, done: boolean, said: string, awayMs: number) {
  let seen = 0;
  let backAt = 0;
  const run: SimulatedHost['run'] = async (argv, opts) => {
    const answer = (stderr: string) => ({ argv, code: 1, stdout: '', stderr, ms: 10, timedOut: false });
    if (machine.now().getTime() < backAt) return answer(AWAY);
    seen += 1;
    if (seen !== nth) return machine.run(argv, opts);
    if (done) await machine.run(argv, opts);
    backAt = machine.now().getTime() + awayMs;
    return answer(said);
  };
  return hostWith(machine, { run });
}

/** The words of every call of virsh that an assignment makes, and then its undo. */
async function callsOf() {
  const calls: string[] = [];
  const host = hostAnswering(rigHost(), (words) => {
    calls.push(`${words} `);
    return null;
  });
  const plan = await assignPlan(host);
  calls.length = 0;
  await planApply({ host, uri }, plan, options);
  const assigning = calls.length;
  await runUndo({ host, uri }, stateDir, 1);
  return calls.map((words, at) => ({
    nth: at + 1,
    words,
    undo: at >= assigning,
    change: CHANGES.test(words),
  }));
}

for (const [title, done, said] of [
  ['before it took the call', false, RESET],
  ['in the middle, with nothing done', false, LOST],
  ['in the middle, with all done', true, LOST],
] as const) {
  test(`libvirtd restarts ${title}: only where the step stands then decides`, async () => {
    const calls = await callsOf();
    assert.ok(calls.filter((c) => c.change).length >= 6, 'three acts, and three of the undo');
    // A look is taken again, whatever became of it: of those, every third.
    for (const { nth, words, undo, change } of calls.filter((c) => c.change || c.nth % 3 === 0)) {
      const machine = rigHost();
      const plan = await assignPlan(machine);
      const uuid = plan.guest!.uuid;
      const before = await domainXml(machine, uri, uuid, whole);
      const host = restarting(machine, nth, done, said, 3_000);
      const applied = await planApply({ host, uri }, plan, options);
      const at = `call ${nth}: ${words.slice(0, 60)}`;
      const failed = change && !undo && !done;
      assert.equal(applied.status, failed ? 'undone' : 'done', `${at}: ${applied.failure?.message}`);
      assert.equal(applied.failure?.code, failed ? 'no-libvirt' : undefined, at);
      if (!failed) assert.equal((await runUndo({ host, uri }, stateDir, 1)).failure, null, at);
      assert.equal(await domainXml(machine, uri, uuid, whole), before, at);
      assert.equal(await domainState(machine, uri, uuid), 'shut off', at);
      assert.equal(driverOf(machine, OWN), 'snd_hda_intel', at);
      assert.equal(runStatus(await runRead(machine, stateDir, 1)), 'undone', at);
    }
  });
}

test('libvirtd ends in the middle of a change and does not come back: unknown, and undone once it is', async () => {
  const start = (await callsOf()).find((c) => c.words.includes(' start '))!;
  const machine = rigHost();
  const plan = await assignPlan(machine);
  const before = await domainXml(machine, uri, plan.guest!.uuid, whole);
  const host = restarting(machine, start.nth, true, LOST, 3_600_000);
  const from = machine.now().getTime();
  const applied = await planApply({ host, uri }, plan, options);
  assert.equal(applied.status, 'unknown');
  assert.match(applied.failure!.message, /^libvirt ended in the middle: Disconnected from qemu:\/\/\/system/);
  const first = await runUndo({ host, uri }, stateDir, 1);
  assert.equal(first.status, 'partial');
  assert.match(first.failure!.message, /libvirt does not answer: Failed to connect socket/);
  assert.ok(machine.now().getTime() - from < 60_000, 'each wait has its end');
  await machine.sleep(3_600_000);
  assert.equal((await runUndo({ host, uri }, stateDir, 1)).status, 'undone');
  assert.equal(await domainXml(machine, uri, plan.guest!.uuid, whole), before);
});

test('a virsh that is killed has said nothing: what it asked for may still come', async () => {
  const machine = rigHost();
  const plan = await assignPlan(machine);
  const host = hostAnswering(machine, (words) => (words.includes(' start ') ? { code: null } : null));
  const applied = await planApply({ host, uri }, plan, options);
  assert.equal(applied.status, 'unknown');
  assert.match(applied.failure!.message, /virsh start was killed before it ended/);
  assert.match(
    await domainXml(machine, uri, plan.guest!.uuid, whole),
    /ua-vfioctl-/,
    'nothing is undone beside it',
  );
});

test('a libvirtd that is silent is not asked again and again', async () => {
  const machine = rigHost();
  const plan = await assignPlan(machine);
  await planApply({ host: machine, uri }, plan, options);
  let asked = 0;
  const silent = hostWith(machine, {
    async run(argv, opts) {
      asked += 1;
      const ms = opts?.deadlineMs ?? 10_000;
      await machine.sleep(ms);
      return { argv, code: null, stdout: '', stderr: '', ms, timedOut: true };
    },
  });
  const report = await runUndo({ host: silent, uri }, stateDir, 1);
  assert.equal(report.status, 'partial');
  assert.match(report.failure!.message, /libvirt did not answer virsh domstate within 45 s/);
  assert.equal(asked, 1);
});
