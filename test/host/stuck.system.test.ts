import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { flightsNow, flightsWait } from '../../src/apply/flight.ts';
import { bootId, type Run } from '../../src/apply/journal.ts';
import type { RunningChild } from '../../src/host/host.ts';
import { liveHost } from '../../src/host/live.ts';
import { processStartTicks } from '../../src/host/process.ts';
import { stuckDirectory } from './stuck-mount.ts';

const host = liveHost();

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

test('a child that sleeps in the kernel is left, and found in flight; it does not keep us from ending', async (t) => {
  const directory = stuckDirectory(t);
  let child: RunningChild | undefined;
  const argv = ['cat', join(directory, 'register')];
  const result = await host.run(argv, {
    deadlineMs: 300,
    started: (c) => {
      child = c;
    },
  });
  assert.deepEqual([result.timedOut, result.code], [true, null]);
  assert.ok(result.ms < 3_000, `${result.ms} ms`);
  const { pid, startTicks } = child!;
  process.kill(pid, 'SIGKILL');
  assert.equal(stateOf(pid), 'D', 'not even SIGKILL ends it');
  assert.equal(processStartTicks(pid), startTicks);

  const at = { at: '', boot: bootId(host) };
  const records = [{ ...at, seq: 1, type: 'child', step: 's', argv, pid, startTicks }];
  const head = { plan: { functions: [], guest: null, steps: [] } };
  const run = { number: 1, head, records, torn: false } as unknown as Run;
  const [flight] = await flightsNow(host, [run]);
  assert.deepEqual(
    [flight?.stuck, flight?.text],
    [true, `${argv.join(' ')} (pid ${pid}) of run 1 sleeps in the kernel and cannot be ended`],
  );
  const begun = performance.now();
  assert.equal((await flightsWait(host, run)).length, 1);
  assert.ok(performance.now() - begun < 10_000, 'what is stuck is not waited for');

  // A whole process of ours, with such a child.
  const live = resolve(import.meta.dirname, '../../src/host/live.ts');
  const script = `const { liveHost } = await import(${JSON.stringify(live)});
    const done = await liveHost().run(${JSON.stringify(argv)}, { deadlineMs: 300 });
    console.log(done.timedOut);`;
  const ours = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  ours.stdout.on('data', (data) => {
    said += data;
  });
  const ended = await Promise.race([
    new Promise((code) => ours.once('exit', code)),
    setTimeout(15_000, 'it did not end', { ref: false }),
  ]);
  assert.equal(ended, 0);
  assert.equal(said, 'true\n');
});

test('a file that never answers costs its deadline, and no more', async (t) => {
  const directory = stuckDirectory(t);
  const path = join(directory, 'driver_override');
  const begun = performance.now();
  const answers = await host.readGuarded([path, '/proc/sys/kernel/core_uses_pid'], 300);
  assert.ok(performance.now() - begun < 5_000);
  assert.equal(answers.get(path)?.state, 'unreadable');
  assert.deepEqual(answers.get('/proc/sys/kernel/core_uses_pid'), {
    state: 'read',
    value: readFileSync('/proc/sys/kernel/core_uses_pid', 'utf8'),
  });
});
