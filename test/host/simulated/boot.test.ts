import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Board } from '../../../src/host/simulated/board.ts';
import { boardByName } from '../../../src/host/simulated/boards/index.ts';
import { iommuTranslates } from '../../../src/host/simulated/boot.ts';
import { attached, CARD, driver, F20VM, laptop, machine, names, text, virshQuiet } from './machine.ts';

const fedora = boardByName('i7-2620m') as Board;
const debian = boardByName('rig-intel') as Board;
const amd = boardByName('rig-amd') as Board;
const none = boardByName('rig-no-iommu') as Board;

const TRUTH: [board: Board, words: string, on: boolean][] = [
  [fedora, 'ro quiet', false],
  [fedora, 'intel_iommu=on', true],
  [fedora, 'intel_iommu=on,sm_on iommu=pt', true],
  [fedora, 'iommu=pt', false],
  [fedora, 'intel_iommu=on intel_iommu=off', false],
  [fedora, 'intel_iommu=on iommu=off', false],
  [debian, '', true],
  [debian, 'intel_iommu=off', false],
  [amd, '', true],
  [amd, 'amd_iommu=off', false],
  [amd, 'intel_iommu=off', true],
  [none, 'intel_iommu=on', false],
];

for (const [board, words, on] of TRUTH) {
  test(`${board.name} with '${words}': the IOMMU is ${on ? 'on' : 'off'}`, () => {
    assert.equal(iommuTranslates(board, words.split(' ')), on);
  });
}

test('without the argument there is a table and nothing else', () => {
  const host = machine('i7-2620m');
  assert.deepEqual(names(host, '/sys/kernel/iommu_groups'), []);
  assert.deepEqual(names(host, '/sys/class/iommu'), []);
  assert.equal(host.exists(`/sys/bus/pci/devices/${CARD}/iommu_group`), false);
  assert.ok(names(host, '/sys/firmware/acpi/tables').includes('DMAR'));
});

test('grubby adds to each entry and to the defaults, and takes away byte for byte', async () => {
  const host = machine('i7-2620m');
  const [entry] = names(host, '/boot/loader/entries').map((n) => `/boot/loader/entries/${n}`);
  const files = [entry!, '/etc/default/grub'];
  const before = files.map((f) => text(host, f));
  await host.run(['grubby', '--update-kernel=ALL', '--args=intel_iommu=on']);
  for (const file of files) assert.match(text(host, file), / quiet intel_iommu=on"?$/m);
  assert.match((await host.run(['grubby', '--info=ALL'])).stdout, /^args="ro .* intel_iommu=on"$/m);
  await host.run(['grubby', '--update-kernel=ALL', '--args=intel_iommu=on']);
  assert.equal(text(host, entry!).match(/intel_iommu/g)?.length, 1, 'once is enough');
  await host.run(['grubby', '--update-kernel=ALL', '--remove-args=intel_iommu=on']);
  assert.deepEqual(
    files.map((f) => text(host, f)),
    before,
  );
});

test('the argument holds from the next boot on, not before', async () => {
  const host = machine('i7-2620m');
  const id = text(host, '/proc/sys/kernel/random/boot_id');
  await host.run(['grubby', '--update-kernel=ALL', '--args=intel_iommu=on']);
  assert.doesNotMatch(text(host, '/proc/cmdline'), /intel_iommu/);
  const result = await host.run(['systemctl', 'reboot']);
  assert.equal(result.code, 0);
  assert.match(text(host, '/proc/cmdline'), / intel_iommu=on$/m);
  assert.notEqual(text(host, '/proc/sys/kernel/random/boot_id'), id);
  assert.equal(names(host, '/sys/kernel/iommu_groups').length, 10);
  assert.deepEqual(names(host, '/sys/kernel/iommu_groups/9/devices'), [
    '0000:00:1f.0',
    '0000:00:1f.2',
    '0000:00:1f.3',
  ]);
  assert.match(
    text(host, '/sys/kernel/iommu_groups/4/reserved_regions'),
    /^0x00000000dacd5000 \S+ direct-relaxable$/m,
  );
});

test('the log says that the IOMMU is enabled even where there is none', async () => {
  const host = machine('rig-no-iommu');
  assert.match((await host.run(['dmesg'])).stdout, /DMAR: IOMMU enabled/);
  assert.deepEqual(names(host, '/sys/kernel/iommu_groups'), []);
  assert.ok(!names(host, '/sys/firmware/acpi/tables').includes('DMAR'));
});

for (const way of ['reboot', 'powerCut'] as const) {
  test(`${way}: runtime state is gone, files and definitions are kept, autostarted guests run`, async () => {
    const host = await laptop();
    host.makeDirectory('/var/lib/vfioctl');
    host.append('/var/lib/vfioctl/1', 'one\n');
    host.append('/run/vfioctl', 'gone\n');
    await attached(host, F20VM, CARD);
    const definition = await virshQuiet(host, ['dumpxml', F20VM, '--inactive', '--security-info']);
    await virshQuiet(host, ['start', F20VM]);
    assert.equal(driver(host, CARD), 'vfio-pci');
    host[way]();
    assert.equal(driver(host, CARD), 'snd_hda_intel');
    assert.equal(text(host, `/sys/bus/pci/devices/${CARD}/driver_override`), '(null)\n');
    assert.equal(host.exists('/sys/module/vfio_pci'), false);
    assert.equal(await virshQuiet(host, ['domstate', F20VM]), 'shut off\n');
    assert.equal(text(host, '/var/lib/vfioctl/1'), 'one\n');
    assert.equal(host.exists('/run/vfioctl'), false);
    assert.equal(await virshQuiet(host, ['dumpxml', F20VM, '--inactive', '--security-info']), definition);

    await virshQuiet(host, ['autostart', F20VM]);
    host[way]();
    assert.equal(await virshQuiet(host, ['domstate', F20VM]), 'running\n');
    assert.equal(driver(host, CARD), 'vfio-pci');
  });
}
