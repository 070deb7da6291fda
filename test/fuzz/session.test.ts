import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutate } from '../../fuzz/mutate.ts';
import { session } from '../../fuzz/session.ts';
import { execute, type Target } from '../../fuzz/target.ts';
import { random } from '../../torture/random.ts';

const target = (run: Target['run'], change: Partial<Target> = {}): Target => ({
  name: 'planted',
  seeds: () => ['one=1\ntwo=2\n', 'three: 3'],
  words: ['bad'],
  run,
  ...change,
});
const options = { seed: 1, milliseconds: 10_000, executions: 3_000 };

test('a planted fault is found, told once, and its input made small', async () => {
  const planted = target((input) => {
    if (/t.*bad/s.test(input)) throw new TypeError(`cannot read ${input.length}`);
  });
  const told: string[] = [];
  const { executions, failures } = await session(planted, {
    ...options,
    found: ({ input }) => told.push(input),
  });
  assert.equal(executions, 3_000);
  assert.equal(failures.length, 1);
  assert.match(failures[0]!.message, /^TypeError: cannot read \d/);
  assert.deepEqual([told, failures[0]!.input], [['tbad'], 'tbad']);
});

test('two faults at two places are two, and without any there is none', async () => {
  const two = target((input) => {
    if (input.includes('badbad')) throw new Error('one');
    if (input.includes('\0')) throw new Error('other');
  });
  assert.deepEqual((await session(two, options)).failures.map((f) => f.message.split('\n')[0]).sort(), [
    'Error: one',
    'Error: other',
  ]);
  assert.deepEqual(
    (
      await session(
        target(() => {}),
        options,
      )
    ).failures,
    [],
  );
});

test('a time that grows with the square is a fault, and a long input as such is none', async () => {
  const square = target((input) => {
    const begun = process.threadCpuUsage();
    for (let spent = 0; spent < input.length ** 2; ) {
      const { user, system } = process.threadCpuUsage(begun);
      spent = (user + system) * 1000;
    }
  });
  await execute(square, 'x'.repeat(1_000));
  await assert.rejects(execute(square, 'x'.repeat(17_500)), /took \d+ ms for 17500 characters, 267 at most/);
  await execute(
    target((input) => void input.toUpperCase()),
    'x'.repeat(1024 * 1024),
  );
});

test('the same seed makes the same inputs', async () => {
  const inputs = async (seed: number) => {
    const seen: string[] = [];
    await session(
      target((input) => void seen.push(input)),
      { ...options, seed, executions: 200 },
    );
    return seen;
  };
  const first = await inputs(1);
  assert.deepEqual(await inputs(1), first);
  assert.notDeepEqual(await inputs(2), first);
  assert.deepEqual(first.slice(0, 2), ['one=1\ntwo=2\n', 'three: 3'], 'seeds as they are come first');
  assert.ok(new Set(first).size > 150);
});

test('a head line is mostly kept, and what is made is text that a file can hold', async () => {
  const seen: string[] = [];
  const headed = target((input) => void seen.push(input), {
    headed: true,
    seeds: () => ['/proc/cmdline\nquiet\n'],
  });
  await session(headed, { ...options, executions: 300 });
  assert.ok(seen.filter((input) => input.startsWith('/proc/cmdline\n')).length > 200);
  for (let i = 0; i < 500; i++) {
    const made = mutate('a 🎹 b\n17\n', ['🎹'], ['x'], random(i));
    assert.equal(Buffer.from(made).toString('utf8'), made);
    assert.ok(made.length <= 1024 * 1024);
  }
});
