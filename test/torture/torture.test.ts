import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TAILS } from '../../src/host/simulated/disk.ts';
import { type Case, caseParse, caseScenario, caseText } from '../../torture/case.ts';
import { ACTS, killed, killsAt } from '../../torture/kills.ts';
import { mutations } from '../../torture/mutations.ts';
import { scenarioMake } from '../../torture/plans.ts';
import { lossAfter } from '../../torture/recovery.ts';
import { lossKind, shrink } from '../../torture/shrink.ts';
import { type TormentOptions, torment } from '../../torture/torment.ts';
import { type Trial, trialMake } from '../../torture/trial.ts';

/** A lend that is only put into a definition: the least that has all that a bigger one has. */
const SEED = 1;
const small = await smallTrial();

async function smallTrial(): Promise<Trial & { readonly index: number }> {
  for (let index = 0; ; index += 1) {
    const { command, setup } = scenarioMake(SEED, index);
    if (command[0] !== 'assign' || setup.length > 0 || command.includes('--start')) continue;
    const trial = await trialMake(scenarioMake(SEED, index), null);
    if (trial !== null) return { ...trial, index };
  }
}

const smallCase: Case = { seed: SEED, index: small.index, without: [], blows: [], fault: null };

function tormented(options: Partial<TormentOptions>): ReturnType<typeof torment> {
  return torment(smallCase, { kills: 12, faults: 1, mutation: null, seen: new Set(), ...options });
}

test('a lend that is killed, or let down by its tools, comes back', async () => {
  const { real, kills, faults, losses } = await tormented({});
  assert.deepEqual({ real, kills, faults }, { real: true, kills: 12, faults: 1 });
  assert.deepEqual(losses, []);
});

for (const mutation of mutations) {
  test(`noticed: ${mutation.name}`, async () => {
    const { losses } = await tormented({ kills: 300, faults: 0, mutation, once: true });
    assert.equal(losses.length, 1);
  });
}

test('it is killed before, in and after each of its programs, and with every tail of each record', () => {
  const programs = small.points.filter((p) => p.inside !== null && p.what.startsWith('inside '));
  const changes = small.points.filter((p) => p.what.startsWith('after '));
  assert.equal(programs.length, changes.length);
  assert.ok(programs.length >= 2, 'a definition and its metadata');
  const acts = new Set(killsAt(programs[0]!).map((k) => `${k.kind} ${k.act}`));
  for (const act of ACTS) assert.ok(acts.has(`process ${act}`), act);
  assert.ok(acts.has('cut never') && acts.has('cut done'));

  const written = small.points.filter((p) => p.wrote !== null);
  assert.ok(written.length >= 8, 'run, two of intent, child and outcome, end');
  for (const point of written) {
    const tails = new Set(killsAt(point).flatMap((k) => (k.kind === 'cut' ? [k.kept.tail] : [])));
    assert.deepEqual([...tails], [...TAILS]);
  }
});

test('a name that is not synced is lost in one kill and kept in another', () => {
  const made = small.points.find((p) => p.what.startsWith('create '))!;
  const found = killsAt(made)
    .filter((k) => k.kind === 'cut')
    .map((kill) => killed(made, kill).list('/var/lib/vfioctl/runs'))
    .map((names) => (names.state === 'read' ? names.value.length : names.state));
  assert.deepEqual(new Set(found), new Set([0, 1]));
});

test('a case is told in one word, and found again by it', () => {
  const kill = fc.record({
    kind: fc.constantFrom('process' as const, 'cut' as const),
    act: fc.constantFrom(...ACTS),
    kept: fc.record({ tail: fc.constantFrom(...TAILS), names: fc.array(fc.boolean(), { maxLength: 4 }) }),
  });
  const cases = fc.record({
    seed: fc.nat(),
    index: fc.nat(),
    without: fc.array(fc.stringMatching(/^[fgs]\d$/), { maxLength: 3 }),
    blows: fc.array(fc.record({ point: fc.nat(999), kill }), { maxLength: 3 }),
    fault: fc.option(
      fc.record({
        nth: fc.nat(99),
        what: fc.constantFrom('fail' as const, 'hang' as const, 'late' as const, 'nonsense' as const),
      }),
    ),
  });
  fc.assert(fc.property(cases, (of) => assert.equal(caseText(caseParse(caseText(of))!), caseText(of))));
  for (const text of ['', '1', '1/2@3', '1/2@3=bomb:never:none:', '1/2!3=sing', '1/2-x3'])
    assert.equal(caseParse(text), null, text);
});

test('the same seed makes the same machine and plan, another one others', () => {
  assert.deepEqual(scenarioMake(5, 7), scenarioMake(5, 7));
  assert.notDeepEqual(scenarioMake(5, 7), scenarioMake(6, 7));
});

test('a loss is made small: guests and functions that it does not need are left out', async () => {
  // Whatever is killed is lost with it: what is looked at is what is left out.
  const mutation = mutations.at(-1)!;
  const [loss] = (await tormented({ kills: 300, faults: 0, mutation, once: true })).losses;
  const least = await shrink(loss!, mutation);
  const { board } = caseScenario(least.case);
  assert.equal(board.guests.length, 1);
  assert.ok(least.case.blows.length <= loss!.case.blows.length);
  assert.equal(lossKind(least), lossKind(loss!));
  const trial = (await trialMake(caseScenario(least.case), mutation))!;
  assert.ok((await lossAfter(trial, least.case.blows, new Set())).length > 0, 'it is lost still');
});
