import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runStatus } from '../../src/apply/journal.ts';
import { commandRun } from '../../src/cli/command-run.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { faultyHost } from '../../src/host/simulated/faulty-host.ts';
import { type SimulatedHost, simulatedHost } from '../../src/host/simulated/index.ts';
import { timersFired } from '../../src/host/simulated/systemd.ts';
import { type TypedHost, typedHost } from './rig.ts';
import { assertDocument } from './schemas.ts';

const ASSIGN = ['assign', '01:00.0', 'tone', '--yes', '--dead-man', '60s'];
const SELF = '/usr/bin/vfioctl';

const statuses = async (typed: TypedHost) => (await typed.runs()).map(runStatus);

/** systemd starts what is due: each service's exit code. */
async function fire(host: SimulatedHost): Promise<number[]> {
  const exits: number[] = [];
  for (const { argv } of timersFired(host.state)) {
    assert.equal(argv[0], SELF);
    exits.push((await commandRun(host, argv.slice(1))).exit);
  }
  return exits;
}

test('armed before the first step, with a command that finds the run wherever it stands', async () => {
  const typed = typedHost();
  const { exit, stdout } = await typed.vfioctl(...ASSIGN);
  assert.equal(exit, 0);
  assert.match(
    stdout,
    /assign: done; at \d\d:\d\d:\d\d UTC it is taken back, unless you say: vfioctl keep 1/,
  );
  const [run] = await typed.runs();
  assert.deepEqual(
    run!.records.slice(0, 3).map((r) => r.type),
    ['run', 'dead-man', 'intent'],
  );
  const [timer, ...more] = typed.host.state.timers;
  assert.equal(more.length, 0);
  assert.equal(timer!.unit, 'vfioctl-dead-man-1');
  assert.deepEqual(timer!.argv, [
    SELF,
    ...['undo', '1', '--unless-kept', '--yes'],
    ...['--state-dir', '/var/lib/vfioctl', '--connect', 'qemu:///system'],
  ]);
});

test('the plan says what will happen by itself, and a dry run arms nothing', async () => {
  const typed = typedHost();
  const { exit, stdout } = await typed.vfioctl(...ASSIGN, '--dry-run');
  assert.equal(exit, 0);
  assert.match(stdout, /note: systemd takes all of it back 60 s after it begins, unless .* vfioctl keep\n/);
  assert.deepEqual(typed.host.state.timers, []);
});

test('nobody keeps it: everything is as before', async () => {
  const typed = typedHost();
  await typed.virsh('autostart', 'tone');
  const before = typed.guests();
  await typed.vfioctl(...ASSIGN, '--start');
  assert.notEqual(typed.guests(), before);
  await typed.host.sleep(30_000);
  assert.deepEqual(await fire(typed.host), [], 'not before its time');
  await typed.host.sleep(60_000);
  assert.deepEqual(await fire(typed.host), [0]);
  assert.equal(typed.guests(), before);
  assert.deepEqual(await statuses(typed), ['undone']);
  assert.match((await typed.vfioctl('status')).stdout, /nothing is lent/);
});

test('kept: the timer is stopped, and a service that comes all the same does nothing', async () => {
  const typed = typedHost();
  await typed.vfioctl(...ASSIGN);
  const argv = typed.host.state.timers[0]!.argv.slice(1);
  const after = typed.guests();
  const kept = await typed.vfioctl('keep', '--json');
  assert.equal(kept.exit, 0);
  assert.deepEqual(assertDocument(kept.stdout), { schema: 'vfioctl/keep/1', run: 1, changed: true });
  assert.deepEqual(typed.host.state.timers, []);
  assert.equal((await typed.runs())[0]!.records.at(-1)?.type, 'keep');
  const late = await commandRun(typed.host, argv);
  assert.equal(late.exit, 0);
  assert.match(late.stderr, /run 1 has been kept: it stays/);
  assert.equal(typed.guests(), after);
  assert.equal((await typed.vfioctl('keep', '1')).exit, 0, 'once more changes nothing');
  assert.equal((await typed.vfioctl('keep')).exit, 2, 'no run waits any more');
  assert.equal((await typed.vfioctl('undo', '1', '--yes')).exit, 0, 'a person may still take it back');
});

test('at a terminal it is kept by typing keep, and by nothing else', async () => {
  const { host, runs } = typedHost();
  const asked = await commandRun(host, ASSIGN, { typed: ['yes', 'k', 'keep'] });
  assert.equal(asked.exit, 0);
  assert.equal(asked.stderr.match(/type keep within \d+ s, or it is taken back/g)?.length, 3);
  assert.match(asked.stdout, /take it back with: vfioctl undo 1/);
  assert.deepEqual(host.state.timers, []);
  assert.equal((await runs())[0]!.records.at(-1)?.type, 'keep');
  const silent = await commandRun(host, ['release', '01:00.0', '--yes', '--dead-man', '10m'], { typed: [] });
  assert.match(silent.stdout, /it is taken back, unless you say: vfioctl keep 2/);
  assert.equal(host.state.timers.length, 1);
});

test('the lock is held as it fires: the service fails, and systemd tries again', async () => {
  const typed = typedHost();
  const before = typed.guests();
  await typed.vfioctl(...ASSIGN);
  const { argv } = typed.host.state.timers[0]!;
  await typed.host.sleep(61_000);
  const lock = await typed.host.lock('somebody else');
  assert.deepEqual(await fire(typed.host), [3], 'on-failure starts it again after this');
  await lock.release();
  assert.equal((await commandRun(typed.host, argv.slice(1))).exit, 0);
  assert.equal(typed.guests(), before);
});

test('undo by a person, and a run that takes itself back, disarm it', async () => {
  const typed = typedHost();
  await typed.vfioctl(...ASSIGN);
  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  assert.deepEqual(typed.host.state.timers, []);

  const faulty = faultyHost(typed.host, { on: 'run', nth: 1, matching: ' start ', what: 'fail' });
  assert.equal((await commandRun(faulty, [...ASSIGN, '--start'])).exit, 4);
  assert.deepEqual(typed.host.state.timers, []);
  assert.deepEqual(await statuses(typed), ['undone', 'undone']);
});

test('without systemd, and when arming fails, nothing is changed', async () => {
  const board = boardByName('rig-intel')!;
  const without = typedHost(simulatedHost({ ...board, init: 'other' }));
  const before = without.guests();
  const refused = await without.vfioctl(...ASSIGN);
  assert.equal(refused.exit, 3);
  assert.match(refused.stderr, /^vfioctl: systemd does not run on this host/);
  assert.deepEqual(await without.runs(), [], 'not even a run');

  const typed = typedHost();
  typed.host.state.timers.push({ unit: 'vfioctl-dead-man-1', dueAt: Number.MAX_SAFE_INTEGER, argv: [] });
  const failed = await typed.vfioctl(...ASSIGN);
  assert.equal(failed.exit, 3);
  assert.match(failed.stderr, /the dead-man switch cannot be armed: .*was already loaded/);
  assert.equal(typed.guests(), before);
  assert.deepEqual(await statuses(typed), ['undone']);
  assert.equal((await typed.vfioctl(...ASSIGN)).exit, 0, 'and the next run is not in its way');
});

test('history and status show what waits to be kept, and nothing is built on it', async () => {
  const typed = typedHost();
  await typed.vfioctl(...ASSIGN);
  assert.match((await typed.vfioctl('history')).stdout, /done until \d\d:\d\d:\d\d +assign/);
  const [entry] = assertDocument((await typed.vfioctl('history', '--json')).stdout).runs as { due: string }[];
  const late = typed.host.state.timers[0]!.dueAt - Date.parse(entry!.due);
  assert.ok(late >= 0 && late < 1000, `systemd counts from when it is asked: ${late} ms later`);
  const status = await typed.vfioctl('status');
  assert.equal(status.exit, 7);
  assert.match(status.stdout, /odd: run 1 \(assign\) is taken back at .* unless you say: vfioctl keep 1/);
  assert.match(status.stdout, /next: vfioctl keep 1/);
  assertDocument((await typed.vfioctl('status', '--json')).stdout);

  const upon = await typed.vfioctl('release', '01:00.0', '--yes');
  assert.equal(upon.exit, 3);
  assert.match(upon.stderr, /run 1 \(assign\) is taken back at .*vfioctl keep 1, or vfioctl undo 1/);
  assert.equal(
    (await typed.vfioctl('assign', '00:1b', 'plain', '--yes')).exit,
    0,
    'another guest is no matter',
  );
});

test('a reboot takes the timer along: the run is said to be unkept, and may be kept or undone', async () => {
  const typed = typedHost();
  const before = typed.guests();
  await typed.vfioctl(...ASSIGN);
  typed.host.powerCut();
  assert.deepEqual(typed.host.state.timers, []);
  const status = await typed.vfioctl('status');
  assert.match(status.stdout, /run 1 \(assign\) was not kept before the machine went down/);
  assert.match(status.stdout, /next: vfioctl undo 1/);
  assertDocument((await typed.vfioctl('status', '--json')).stdout);
  const copy = typedHost(simulatedHost(typed.host.toJSON()));
  assert.equal((await copy.vfioctl('keep', '1')).exit, 0);
  assert.equal((await copy.vfioctl('status')).exit, 0);
  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  assert.equal(typed.guests(), before);
});

test('taken back while we still looked: the report ends with the truth', async () => {
  const typed = typedHost();
  const before = typed.guests();
  const firing = new Proxy(typed.host, {
    get(target, name) {
      if (name === 'sleep') {
        return async (ms: number) => {
          await target.sleep(ms);
          await fire(target);
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const argv = ['assign', '01:00.0', 'tone', '--start', '--yes', '--dead-man', '10s'];
  const { exit, stdout } = await commandRun(firing, argv);
  assert.equal(exit, 4, stdout);
  assert.match(stdout, /failed: nobody said in time that the host is still well/);
  assert.match(stdout, /assign: all undone/);
  assert.equal(typed.guests(), before);
});

test('times that are none are refused before anything is looked at', async () => {
  const typed = typedHost();
  for (const time of ['9s', '61m', '3601', '1h', '-5s', '', '1e3', '10 s']) {
    const { exit, stderr } = await typed.vfioctl('assign', '01:00.0', 'tone', '--yes', '--dead-man', time);
    assert.equal(exit, 2, `'${time}': ${stderr}`);
  }
  assert.deepEqual(await typed.runs(), []);
  for (const time of ['10s', '10', '60m', '3600s']) {
    const { exit } = await typed.vfioctl('assign', '01:00.0', 'tone', '--dry-run', '--dead-man', time);
    assert.equal(exit, 0, time);
  }
});
