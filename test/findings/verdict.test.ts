import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refusalsOf } from '../../src/findings/refusal.ts';
import { functionDriver } from '../../src/findings/rules/function-driver.ts';
import { verdictOf } from '../../src/findings/verdict.ts';
import { modelOf } from '../../src/model/model.ts';
import { baseSnapshot, type Case, caseFile, caseSnapshot } from './cases.ts';

const OWN = '0000:00:1b.0';
const SHARED = '0000:02:00.0';
const GUEST = 'libvirt/guests/1b1b1b1b-0000-4000-8000-000000000001';
const HOSTDEV = `    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x00' slot='0x1b' function='0x0'/></source>
    </hostdev>
    <memballoon`;
const LENT: Pick<Case, 'edit'> = { edit: { [`${GUEST}/inactiveXml`]: [['    <memballoon', HOSTDEV]] } };

function verdict(address: string, change: Pick<Case, 'set' | 'unset' | 'edit'> = {}) {
  return verdictOf(modelOf(caseSnapshot(change)), address);
}

test('a rule that no verdict asks refuses nothing in any of its cases', () => {
  for (const one of caseFile(functionDriver.id).cases) {
    const findings = functionDriver.predict(modelOf(caseSnapshot(one)), one.question!);
    assert.deepEqual(refusalsOf(findings), [], one.name);
  }
});

describe('verdict', () => {
  const cases: readonly (readonly [string, string, string, Pick<Case, 'set' | 'unset' | 'edit'>?])[] = [
    ['a card alone in its group', OWN, 'free'],
    ['a mate on a host driver', SHARED, 'needs mates: 02:00.1 (NIC)'],
    ['a mate that nobody drives', SHARED, 'free', { set: { 'functions/0000:02:00.1/driver': null } }],
    ['the board', '0000:00:1f.4', 'impossible: its group holds 00:1f.0 (ISA bridge)'],
    ['a root port', '0000:00:1c.0', 'impossible: bridge'],
    ['an address without function', '0000:09:00.0', 'impossible: no such function'],
    ['no group', OWN, 'impossible: no IOMMU group', { set: { [`functions/${OWN}/group`]: null } }],
    [
      'dead',
      OWN,
      'impossible: does not answer',
      { set: { [`functions/${OWN}/capabilities/allOnes`]: true } },
    ],
    ['a NIC in use', '0000:00:19.0', 'used by the host: eth0 is up, carries the default route'],
    ['a USB controller', '0000:03:00.0', 'free'],
    ['the SMBus', '0000:00:1f.3', 'used by the host: part of the machine itself'],
    ['the boot disk, said before its mates', '0000:00:1f.2', 'used by the host: sda holds /, /boot, swap'],
    [
      'a display that cannot be reset',
      '0000:00:02.0',
      'guarded: the kernel knows no way to reset 00:02.0: the guest gets it as the host left it, and the host as the guest left it',
      {
        set: {
          'functions/0000:00:02.0/resetMethods': [],
          'functions/0000:00:02.0/bootVga': false,
          'console/framebuffers': [],
          'functions/0000:03:00.0/class': '030000',
          'functions/0000:03:00.0/driver': 'amdgpu',
          display: [],
        },
      },
    ],
    [
      'a twin is claimed with it',
      OWN,
      'guarded: vfio-pci ids=8086:1c20 claims 00:1b.0 by its id, and takes 02:00.0 from the host as well',
      {
        set: {
          'functions/0000:02:00.0/vendor': '8086',
          'functions/0000:02:00.0/device': '1c20',
          'kernel/commandLine': 'intel_iommu=on vfio-pci.ids=8086:1c20',
        },
      },
    ],
    [
      'the firmware keeps memory for it',
      OWN,
      'impossible: firmware keeps memory for it',
      {
        set: { 'groups/3/reservedRegions': [{ start: '0xdf000000', end: '0xdfffffff', type: 'direct' }] },
      },
    ],
    ['modprobe.d was not read', OWN, 'unknown (not read: modules.options)', { unset: ['modules/options'] }],
    ['the ISA bridge', '0000:00:1f.0', 'used by the host: part of the machine itself'],
    ['a guest that is off has it', OWN, 'lent: f20vm (shut off)', LENT],
    [
      'a running guest has it',
      OWN,
      'lent: f20vm',
      { ...LENT, set: { [`${GUEST}/state`]: 'running', [`${GUEST}/liveXml`]: '=inactiveXml' } },
    ],
    ['libvirt was not asked', OWN, 'unknown (not read: libvirt)', { unset: ['libvirt'] }],
    [
      'who has the card open needs root',
      OWN,
      'unknown (needs root: sound.openBy)',
      {
        unset: ['sound/0/openBy'],
        set: {
          'made/root': false,
          gaps: [
            {
              fact: 'sound.openBy',
              subject: 'card0',
              state: 'unreadable',
              path: '/proc/1842/fd',
              why: 'permission denied',
            },
          ],
        },
      },
    ],
  ];
  for (const [name, address, text, change] of cases) {
    test(name, () => {
      const told = verdict(address, change);
      assert.equal(told.text, text);
      assert.ok(text.startsWith(told.word), told.word);
    });
  }
});

test('nothing is free when nothing was read', () => {
  const { schema, made } = baseSnapshot();
  assert.equal(verdictOf(modelOf({ schema, made, gaps: [] }), OWN).word, 'unknown');
});

test('a mate in a running guest makes it lent, not free', () => {
  const lent = HOSTDEV.replace(
    "bus='0x00' slot='0x1b' function='0x0'",
    "bus='0x02' slot='0x00' function='0x1'",
  );
  const told = verdict(SHARED, {
    edit: { [`${GUEST}/inactiveXml`]: [['    <memballoon', lent]] },
    set: {
      [`${GUEST}/state`]: 'running',
      [`${GUEST}/liveXml`]: '=inactiveXml',
      'functions/0000:02:00.1/driver': 'vfio-pci',
    },
  });
  assert.deepEqual(told, { word: 'lent', text: 'lent: f20vm runs with its group mate 02:00.1' });
});
