import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interruptsCount, interruptsParse, interruptsVerdict } from '../../src/proof/interrupts.ts';

// Recorded: the host while its guest played (Debian 12, kernel 6.1, two processors).
const RECORDED = `           CPU0       CPU1       
  0:        101          0  IR-IO-APIC   2-edge      timer
 16:          0          0  IR-IO-APIC  16-fasteoi   i801_smbus
 24:          0          0  DMAR-MSI   0-edge      dmar0
 25:          0          0  IR-PCI-MSI 81920-edge      PCIe PME, aerdrv
 28:          2       1146  IR-PCI-MSI 49154-edge      virtio0-req.1
 36:         53          0  IR-PCI-MSI 524288-edge      vfio-msi[0](0000:01:00.0)
NMI:          0          0   Non-maskable interrupts
ERR:          0
MIS:          0
`;

test('lines of a recorded /proc/interrupts', () => {
  const lines = interruptsParse(RECORDED);
  assert.deepEqual(
    lines.map((l) => [l.irq, l.count, l.names]),
    [
      ['0', 101, ['timer']],
      ['16', 0, ['i801_smbus']],
      ['24', 0, ['dmar0']],
      ['25', 0, ['PCIe PME', 'aerdrv']],
      ['28', 1148, ['virtio0-req.1']],
      ['36', 53, ['vfio-msi[0](0000:01:00.0)']],
    ],
  );
  assert.equal(lines[5]!.text, '36: 53 0 IR-PCI-MSI 524288-edge vfio-msi[0](0000:01:00.0)');
});

test('handlers are found whatever the kernel writes before them (constructed after kernel/irq/proc.c)', () => {
  const name = (row: string): readonly string[] => interruptsParse(`      CPU0\n${row}\n`)[0]!.names;
  assert.deepEqual(name(' 16:   7  IR-IO-APIC  16-fasteoi   i801_smbus, vfio-intx(0000:00:1b.0)'), [
    'i801_smbus',
    'vfio-intx(0000:00:1b.0)',
  ]);
  assert.deepEqual(name(' 130:   7  IR-PCI-MSI-0000:00:1f.3    0-edge      snd_hda_intel:card0'), [
    'snd_hda_intel:card0',
  ]);
  assert.deepEqual(name(' 52:   7   ITS-MSI 524288 Edge      vfio-msix[3](0000:01:00.0)'), [
    'vfio-msix[3](0000:01:00.0)',
  ]);
});

const line = (irq: number, count: number, names: string): string =>
  `      CPU0\n ${irq}:   ${count}  IO-APIC  ${irq}-fasteoi   ${names}\n`;

const DONE = { done: true } as const;
const IDLE = { done: false, why: 'idle' } as const;

const cases: [string, [number, number, number], string, typeof DONE | typeof IDLE, boolean, string][] = [
  ['rises while exercised', [5, 5, 9], 'ours', DONE, false, 'alive'],
  ['flat while exercised, though it counted before', [5, 9, 9], 'ours', DONE, true, 'flat'],
  ['rises by itself', [5, 5, 9], 'ours', IDLE, false, 'alive'],
  ['rose by itself before', [5, 9, 9], 'ours', IDLE, false, 'alive'],
  ['flat, but counted since the guest started', [5, 5, 5], 'ours', IDLE, true, 'alive'],
  ['flat, on a wire that counted before the guest', [5, 5, 5], 'ours', IDLE, false, 'unknown'],
  ['never counted', [0, 0, 0], 'ours', IDLE, true, 'unknown'],
  ['shared, quiet, rises while exercised', [5, 5, 9], 'other, ours', DONE, false, 'alive'],
  ['shared, and not quiet before', [5, 6, 9], 'other, ours', DONE, false, 'unknown'],
  ['shared, flat while exercised', [5, 5, 5], 'other, ours', DONE, true, 'flat'],
  ['shared, rises by itself: whose?', [5, 5, 9], 'other, ours', IDLE, true, 'unknown'],
];

for (const [what, [start, idle, end], names, exercise, since, verdict] of cases) {
  test(`a count that ${what} is ${verdict}`, () => {
    const at = (n: number): string => line(16, n, names);
    const count = interruptsCount(
      { start: at(start), idle: at(idle), end: at(end) },
      (l) => l.irq === '16',
      (name) => name === 'ours',
    );
    assert.deepEqual(count.others, names === 'ours' ? [] : ['other']);
    assert.equal(interruptsVerdict(count, exercise, since), verdict);
  });
}
