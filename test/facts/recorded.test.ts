import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, collectAll } from '../../src/facts/collect.ts';
import { factOf } from '../../src/facts/gap.ts';
import { Snapshot } from '../../src/facts/snapshot.ts';
import { captureHost } from '../../src/host/capture.ts';
import { recorderOf } from '../../src/host/recorder.ts';
import { recordedCapture, recordedHost } from './hosts.ts';

const NAMES = [
  'rig-intel',
  'rig-intel-running',
  'rig-intel-shared',
  'rig-intel-shared-half',
  'rig-intel-systemd',
  'rig-intel-nokvm',
  'rig-amd',
];

for (const name of NAMES) {
  test(`${name}: valid, small, and the same after it is recorded again`, async () => {
    const snapshot = await collectAll(recordedHost(name));
    assert.deepEqual(Snapshot.parse(snapshot), snapshot);
    const recorder = recorderOf(recordedHost(name));
    assert.deepEqual(await collectAll(recorder.host), snapshot);
    const capture = recorder.capture({ by: 'x', kind: 'recorded', from: 'x' });
    assert.ok(JSON.stringify(capture).length < 200_000);
    const again = await collectAll(captureHost(capture));
    assert.deepEqual({ ...again, made: 0 }, { ...snapshot, made: 0 });
  });
}

test('rig-intel: every function with its driver, group, ids and path, as lspci has them', async () => {
  const { functions = [], gaps } = await collect(recordedHost('rig-intel'), ['functions', 'details']);
  assert.deepEqual(
    functions.map((f) =>
      `${f.address} ${f.class} ${f.vendor}:${f.device} ${f.driver} ${f.group} ${f.path.join(' ')}`.trim(),
    ),
    [
      '0000:00:00.0 060000 8086:29c0 null 0',
      '0000:00:03.0 010000 1af4:1001 virtio-pci 1',
      '0000:00:04.0 000200 1af4:1009 virtio-pci 2',
      '0000:00:05.0 060400 1b36:000c pcieport 3',
      '0000:00:1b.0 040300 8086:2668 snd_hda_intel 4',
      '0000:00:1b.1 020000 8086:10d3 e1000e 5',
      '0000:00:1f.0 060100 8086:2918 lpc_ich 6',
      '0000:00:1f.2 010601 8086:2922 ahci 6',
      '0000:00:1f.3 0c0500 8086:2930 i801_smbus 6',
      '0000:00:1f.4 040300 8086:293e snd_hda_intel 6',
      '0000:01:00.0 040300 8086:293e snd_hda_intel 7 0000:00:05.0',
    ],
  );
  assert.deepEqual(
    functions.filter((f) => f.bridge).map((f) => f.address),
    ['0000:00:05.0'],
  );
  assert.deepEqual(gaps, []);
  const nic = functions.find((f) => f.address === '0000:00:1b.1');
  assert.deepEqual(nic?.bars, [
    { index: 0, start: '0xfe640000', bytes: 131072, kind: 'memory', prefetchable: false, wide: false },
    { index: 1, start: '0xfe660000', bytes: 131072, kind: 'memory', prefetchable: false, wide: false },
    { index: 2, start: '0xc0e0', bytes: 32, kind: 'io', prefetchable: false, wide: false },
    { index: 3, start: '0xfe684000', bytes: 16384, kind: 'memory', prefetchable: false, wide: false },
  ]);
  assert.deepEqual(nic?.msiIrqs, [31, 32, 33]);
  const disk = functions.find((f) => f.address === '0000:00:03.0');
  assert.deepEqual(disk?.bars?.at(-1), {
    index: 4,
    start: '0xfea00000',
    bytes: 16384,
    kind: 'memory',
    prefetchable: true,
    wide: true,
  });
});

test('what was not asked for is missing, and its gap says not asked', async () => {
  const snapshot = await collect(recordedHost('rig-intel'), ['functions']);
  const card = snapshot.functions?.find((f) => f.address === '0000:01:00.0');
  assert.ok(card && !('driverOverride' in card) && !('capabilities' in card) && !('resetMethods' in card));
  const fact = factOf(snapshot, 'functions.driverOverride', card.address, card.driverOverride);
  assert.equal(fact.state === 'unread' && fact.gap.state, 'not-asked');
  assert.equal(snapshot.libvirt, undefined);
});

test('overrides, reset methods and sleep', async () => {
  const { functions = [], gaps } = await collect(recordedHost('rig-intel-shared-half'), [
    'config',
    'override',
  ]);
  const at = (address: string) => functions.find((f) => f.address === address)!;
  assert.equal(at('0000:00:1b.0').driver, 'vfio-pci');
  assert.equal(at('0000:00:1b.0').driverOverride, 'vfio-pci');
  assert.equal(at('0000:00:1b.1').driverOverride, null, '(null) is no override');
  assert.deepEqual(at('0000:01:00.0').resetMethods, ['bus']);
  assert.deepEqual(at('0000:00:1b.0').resetMethods, [], 'Linux 6.1 knows no way to reset it');
  // vfio-pci lets it sleep: its configuration space was left alone.
  assert.equal(at('0000:00:1b.0').runtimeStatus, 'suspended');
  assert.equal(at('0000:00:1b.0').capabilities, undefined);
  const gap = gaps.find((g) => g.fact === 'functions.capabilities' && g.subject === '0000:00:1b.0');
  assert.match(gap?.why ?? '', /suspended/);
  assert.equal(at('0000:01:00.0').capabilities?.msi, true);
});

test('groups with their types, members and reserved regions', async () => {
  const shared = await collect(recordedHost('rig-intel-shared'), ['groups']);
  const group = shared.groups?.find((g) => g.functions.includes('0000:00:1b.0'));
  assert.deepEqual(group, {
    number: 4,
    type: 'DMA',
    functions: ['0000:00:1b.0', '0000:00:1b.1'],
    others: [],
    reservedRegions: [{ start: '0xfee00000', end: '0xfeefffff', type: 'msi' }],
  });
  assert.equal(shared.groups?.length, 7);
});

test('the IOMMU, as Intel and AMD machines show it', async () => {
  const intel = await collect(recordedHost('rig-intel'), ['iommu']);
  const common = { interruptRemapping: true, unsafeInterrupts: null };
  assert.deepEqual(intel.iommu, { tables: ['DMAR'], units: ['dmar0'], pciGroups: 8, ...common });
  const amd = await collect(recordedHost('rig-amd'), ['iommu']);
  assert.deepEqual(amd.iommu, { tables: ['IVRS'], units: ['ivhd0'], pciGroups: 7, ...common });
});

test('processor, kernel and modules', async () => {
  const { cpu, kernel, modules } = await collect(recordedHost('rig-intel-running'), [
    'cpu',
    'kernel',
    'modules',
  ]);
  assert.deepEqual(cpu, {
    vendor: 'AuthenticAMD',
    model: 'QEMU TCG CPU version 2.5+',
    virtualization: 'svm',
    kvm: true,
  });
  assert.equal(kernel?.release, '6.1.0-56-amd64');
  assert.equal(kernel?.commandLine, 'console=ttyS0 intel_iommu=on');
  assert.equal(kernel?.config?.CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF, 'y');
  assert.deepEqual(kernel?.distribution, { id: 'debian', name: 'Debian GNU/Linux' });
  assert.equal(modules?.vfioPci, 'loaded');
  assert.deepEqual(modules?.loaded.vfio_pci_core, { references: 1, holders: ['vfio_pci'] });
  const none = await collect(recordedHost('rig-intel-nokvm'), ['cpu']);
  assert.deepEqual(
    [none.cpu?.vendor, none.cpu?.virtualization, none.cpu?.kvm],
    ['GenuineIntel', null, false],
  );
});

test('cards by their functions, whatever their numbers, and interrupts by name', async () => {
  const { sound, interrupts, vfio } = await collect(recordedHost('rig-intel-running'), [
    'sound',
    'interrupts',
    'vfio',
  ]);
  assert.deepEqual(
    sound?.map((s) => [s.card, s.id, s.name, s.function]),
    [
      [0, 'Intel_1', 'HDA Intel', '0000:00:1b.0'],
      [1, 'Intel_2', 'HDA Intel', '0000:00:1f.4'],
    ],
  );
  assert.deepEqual(vfio, { control: true, groups: [7] });
  const lent = interrupts?.find((line) => line.name.includes('vfio'));
  assert.equal(lent?.name, 'vfio-msi[0](0000:01:00.0)');
  assert.match(lent?.chip ?? '', /^IR-PCI-MSI /);
  assert.ok((lent?.count ?? 0) > 0);
});

test('guests, running and off', async () => {
  const { libvirt, gaps } = await collect(recordedHost('rig-intel-running'), ['libvirt']);
  assert.equal(libvirt?.version, '9.0.0');
  assert.equal(libvirt?.iommuSupport, true);
  const own = libvirt?.guests[0];
  assert.deepEqual(
    [own?.name, own?.state, own?.persistent, own?.autostart, own?.managedSave, own?.snapshots],
    ['own', 'running', true, false, false, 0],
  );
  assert.match(own?.liveXml ?? '', /<alias name='hostdev0'\/>/);
  assert.doesNotMatch(own?.inactiveXml ?? '', /hostdev0/);
  assert.ok(gaps.some((g) => g.fact === 'libvirt.guests.vfioNodes' && g.subject === own?.uuid));
  const off = await collect(recordedHost('rig-amd'), ['libvirt']);
  assert.equal(off.libvirt?.guests[0]?.liveXml, null);
  assert.deepEqual(off.libvirt?.guests[0]?.vfioNodes, []);
});

test('the log keeps what matters here, and says that it is whole', async () => {
  const { log } = await collect(recordedHost('rig-intel'), ['log']);
  assert.equal(log?.source, 'dmesg');
  assert.equal(log?.cut, false);
  assert.ok(log?.lines.some((line) => line.includes('DMAR-IR: Enabled IRQ remapping')));
  assert.ok(log?.lines.some((line) => line.includes('pci 0000:01:00.0: Adding to iommu group 7')));
  assert.ok((log?.lines.length ?? 0) < 200);
});

test('every fixture says from what it was recorded', () => {
  for (const name of NAMES) {
    const { made } = recordedCapture(name);
    assert.equal(made.kind, 'recorded');
    assert.match(made.from ?? '', /^a machine in QEMU/);
  }
});
