import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalsRead, runStatus } from '../../src/apply/journal.ts';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { driverOf } from '../../src/facts/driver.ts';
import { Failure } from '../../src/failure.ts';
import { domainState, domainXml } from '../../src/host/libvirt/domain.ts';
import { hostFull, hostWith } from './around.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

const whole = { inactive: true, secrets: true };
const options = { stateDir, argv: ['assign'] };
/** run, then intent, child and outcome of three steps, then end. */
const RECORDS = 11;

test('a disk that is full at any record, some of it written or nothing: nothing is half done', async () => {
  for (let nth = 1; nth <= RECORDS + 1; nth += 1) {
    for (const bytes of nth === 1 ? [0, 20] : [nth % 2 === 0 ? 20 : 0]) {
      const machine = rigHost();
      const plan = await assignPlan(machine);
      const uuid = plan.guest!.uuid;
      const before = await domainXml(machine, uri, uuid, whole);
      const disk = hostFull(machine, nth, bytes);
      const context = { host: disk.host, uri };
      const at = `full at record ${nth}`;
      const applied = await planApply(context, plan, options).catch((error: unknown) => error);

      const untouched = async () => {
        assert.equal(await domainXml(machine, uri, uuid, whole), before, at);
        assert.equal(await domainState(machine, uri, uuid), 'shut off', at);
        assert.equal(driverOf(machine, OWN), 'snd_hda_intel', at);
      };
      if (nth === 1) {
        assert.ok(applied instanceof Failure && applied.code === 'state-unwritable', at);
        assert.equal(disk.refused(), 1, 'nothing else was tried');
        await untouched();
        disk.freed();
        assert.deepEqual(await journalsRead(machine, stateDir), { runs: [], unreadable: [] });
        assert.equal((await planApply(context, plan, options)).run, bytes === 0 ? 1 : 2);
        continue;
      }
      assert.ok(!(applied instanceof Error), `${at}: ${applied}`);
      const { status, failure } = applied as Awaited<ReturnType<typeof planApply>>;
      // All outcomes are written when only the end is missing, and they say as much.
      if (nth >= RECORDS) assert.deepEqual([status, failure], ['done', null], at);
      else {
        assert.equal(status, 'undone', at);
        assert.match(failure!.message, /ENOSPC/, at);
        await untouched();
      }

      disk.freed();
      const report = await runUndo(context, stateDir, 1);
      assert.equal(report.status, 'undone', `${at}: ${JSON.stringify(report.failure)}`);
      assert.deepEqual(report.notes, []);
      await untouched();
      assert.equal(runStatus((await journalsRead(machine, stateDir)).runs[0]!), 'undone', at);
    }
  }
});

test('the undo of a run needs no room on the disk, and says that it left no record', async () => {
  const machine = rigHost();
  const plan = await assignPlan(machine);
  const before = await domainXml(machine, uri, plan.guest!.uuid, whole);
  const applied = await planApply({ host: machine, uri }, plan, options);
  const disk = hostFull(machine, 1);
  const report = await runUndo({ host: disk.host, uri }, stateDir, applied.run);
  assert.equal(report.status, 'undone');
  assert.match(report.notes.join(), /ENOSPC: .*do not say what was taken back; undo 1 can be run again/);
  assert.equal(await domainXml(machine, uri, plan.guest!.uuid, whole), before);
  // On the disk it is as done as before, and undoing it again finds nothing to do.
  disk.freed();
  const again = await runUndo({ host: machine, uri }, stateDir, applied.run);
  assert.deepEqual([again.status, again.changed, again.notes], ['undone', false, []]);
});

test('a record that was cut off in the middle of a run is closed, and what follows it is read', async () => {
  const machine = rigHost();
  const plan = await assignPlan(machine);
  let seen = 0;
  const flaky = hostWith(machine, {
    append(path, text) {
      seen += 1;
      if (seen !== 6) return machine.append(path, text);
      machine.append(path, text.slice(0, 30));
      throw new Failure('state-unwritable', 'EIO');
    },
  });
  // The sixth is a child: the run goes on without it.
  const applied = await planApply({ host: flaky, uri }, plan, options);
  assert.equal(applied.status, 'done');
  const run = (await journalsRead(machine, stateDir)).runs[0]!;
  assert.equal(runStatus(run), 'done');
  assert.equal(run.torn, false);
  assert.deepEqual(
    run.records.map((r) => r.seq),
    [0, 1, 2, 3, 4, 6, 7, 8, 9, 10],
  );
});

test('a read-only state directory: nothing is begun', async () => {
  const machine = rigHost();
  const plan = await assignPlan(machine);
  const uuid = plan.guest!.uuid;
  const before = await domainXml(machine, uri, uuid, whole);
  const readOnly = hostWith(machine, {
    makeDirectory(path) {
      throw new Failure('state-unwritable', `cannot write ${path}: EROFS`);
    },
  });
  await assert.rejects(planApply({ host: readOnly, uri }, plan, options), { code: 'state-unwritable' });
  assert.equal(await domainXml(machine, uri, uuid, whole), before);
});

test('a clock that is set back by an hour at each look makes no wait longer, and no undo wrong', async () => {
  const machine = rigHost();
  const plan = await assignPlan(machine);
  const before = await domainXml(machine, uri, plan.guest!.uuid, whole);
  let looks = 0;
  const back = hostWith(machine, {
    now: () => new Date(machine.now().getTime() - 3_600_000 * ++looks),
    sleep: async (ms) => {
      assert.ok(++looks < 2_000, 'it waits for a time that never comes');
      await machine.sleep(ms);
    },
  });
  const applied = await planApply({ host: back, uri }, plan, options);
  assert.equal(applied.status, 'done');
  // The guest takes two seconds to shut down: a wait by the clock would never end, or end at once.
  assert.equal((await runUndo({ host: back, uri }, stateDir, null)).status, 'undone');
  assert.equal(await domainXml(machine, uri, plan.guest!.uuid, whole), before);
  const later = await planApply({ host: machine, uri }, plan, options);
  assert.equal(later.run, 2, 'runs are ordered by number, not by time');
});
