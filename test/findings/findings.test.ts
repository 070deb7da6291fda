import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf, needsOf, rules, rulesFor } from '../../src/findings/index.ts';
import { refusalsOf } from '../../src/findings/refusal.ts';
import type { Question } from '../../src/findings/rule.ts';
import { modelOf } from '../../src/model/model.ts';
import { baseSnapshot, type Case, caseSnapshot, HOST_ONLY } from './cases.ts';

const OWN = '0000:00:1b.0';
const F20VM = '1b1b1b1b-0000-4000-8000-000000000001';
const lend: Question = { functions: [OWN], guest: F20VM, slot: null };

function findings(question: Question, change: Pick<Case, 'set' | 'unset' | 'edit'> = {}) {
  return findingsOf(modelOf(caseSnapshot(change)), question);
}

test('a good host, a free card and a guest: nothing refuses', () => {
  const all = findings(lend);
  assert.deepEqual(refusalsOf(all), []);
  assert.deepEqual(new Set(all.map((f) => f.rule)), new Set(rules.map((r) => r.id)));
  assert.ok(all.every((f) => f.state !== 'undecided'));
});

test('the host alone is asked only about the host', () => {
  const host = rulesFor('host').map((r) => r.id);
  assert.deepEqual([...new Set(findings(HOST_ONLY).map((f) => f.rule))], host);
});

test('consequences come right after their cause and name it', () => {
  const all = findings(lend, {
    set: {
      'iommu/tables': [],
      'iommu/pciGroups': 0,
      'iommu/interruptRemapping': false,
      [`functions/${OWN}/group`]: null,
    },
  });
  const from = all.findIndex((f) => f.rule === 'iommu-table');
  assert.equal(all[from]!.causedBy, null);
  assert.deepEqual(
    all.slice(from + 1, from + 4).map((f) => [f.rule, f.causedBy]),
    [
      ['iommu-on', 'iommu-table'],
      ['interrupt-remapping', 'iommu-table'],
      ['function-group', 'iommu-table'],
    ],
  );
  assert.equal(all.length, findings(lend).length, 'nothing is lost or told twice');
});

test('a function explains only itself', () => {
  const all = findings(
    { ...lend, functions: ['0000:00:1c.0', OWN, '0000:00:1f.3'] },
    { set: { [`functions/${OWN}/group`]: null } },
  );
  const classes = all.filter((f) => f.rule === 'function-class' && f.state === 'found');
  assert.deepEqual(
    classes.map((f) => [f.subject, f.causedBy]),
    [
      ['0000:00:1c.0', 'function-endpoint'],
      ['0000:00:1f.3', null],
    ],
    'the bridge explains the same rule for itself alone',
  );
  const found = all.filter((f) => f.state === 'found' && f.subject === OWN);
  assert.deepEqual(
    found.map((f) => [f.rule, f.causedBy]),
    [['function-group', null]],
  );
});

test('refused: blockers found, guards found or undecided; not what merely warns', () => {
  const refusals = (change: Pick<Case, 'set' | 'unset'>) =>
    refusalsOf(findings(lend, change)).map((f) => f.rule);
  assert.deepEqual(refusals({ set: { [`functions/${OWN}/resetMethods`]: [] } }), []);
  assert.deepEqual(refusals({ set: { 'iommu/interruptRemapping': false } }), ['interrupt-remapping']);
  assert.deepEqual(refusals({ set: { 'iommu/interruptRemapping': null } }), [], 'the start itself will tell');
  assert.deepEqual(refusals({ unset: ['sound/0/openBy'] }), ['sound-in-use'], 'a guard that could not look');
  assert.deepEqual(refusals({ unset: ['memory'] }), ['guest-memory'], 'what it pins may be too much');
  assert.deepEqual(refusals({ unset: ['modules/options'] }), ['function-twins']);
  assert.deepEqual(refusals({ set: { 'memory/totalKiB': 1000000 } }), ['guest-memory'], 'it cannot work');
});

test('needs are the union of what the rules read', () => {
  assert.deepEqual(needsOf(rulesFor('host')).sort(), [
    'cpu',
    'iommu',
    'kernel',
    'libvirt',
    'modules',
    'security',
    'vfio',
  ]);
  assert.equal(new Set(needsOf(rules)).size, needsOf(rules).length);
});

test('a rule reads nothing that it does not ask for', () => {
  const question: Question = { functions: [OWN, '0000:02:00.1'], guest: F20VM, slot: '0000:02:00.0' };
  // What the model itself is made of; `log` and the kernel's side are only ever added evidence.
  const sections = [
    'cpu',
    'kernel',
    'iommu',
    'groups',
    'modules',
    'vfio',
    'sound',
    'network',
    'storage',
    'display',
    'console',
    'input',
    'usb',
    'nodes',
    'security',
    'memory',
    'libvirt',
  ] as const;
  for (const rule of rules) {
    const whole = rule.predict(modelOf(baseSnapshot()), question);
    const unasked = sections.filter((s) => !rule.needs.includes(s));
    const less = rule.predict(modelOf(caseSnapshot({ unset: unasked })), question);
    assert.deepEqual(less, whole, `${rule.id} depends on something outside of [${rule.needs}]`);
  }
});
