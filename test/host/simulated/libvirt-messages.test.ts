import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attach,
  attached,
  CARD,
  driver,
  F20VM,
  fails,
  laptop,
  machine,
  virsh,
  virshQuiet,
} from './machine.ts';

// The words of libvirt 9.0, QEMU 7.2 and Linux 6.1, as they were met on a real machine.
const OWN = '0000:01:00.0';
const CHIPSET = '0000:00:1f.4';
const started = (guest: string, why: string): string =>
  `error: Failed to start domain '${guest}'\nerror: ${why}\n`;

test('no groups: detach and start say so in different words', async () => {
  for (const host of [machine('rig-no-iommu'), machine('i7-2620m')]) {
    const guest = host.state.guests[0]!.name;
    assert.equal(
      await fails(host, ['nodedev-detach', 'pci_0000_00_1b_0']),
      'error: Failed to detach device pci_0000_00_1b_0\nerror: argument unsupported: VFIO device assignment is currently not supported on this system\n',
    );
    await attached(host, guest, CARD);
    assert.equal(
      await fails(host, ['start', guest]),
      started(guest, "unsupported configuration: host doesn't support passthrough of host PCI devices"),
    );
    assert.match(await virshQuiet(host, ['capabilities']), /<iommu support='no'\/>/);
    assert.doesNotMatch(await virshQuiet(host, ['nodedev-dumpxml', 'pci_0000_00_1b_0']), /iommuGroup/);
    assert.equal(driver(host, CARD), 'snd_hda_intel');
  }
});

test('no interrupt remapping: the detach works, the start does not, the kernel says why', async () => {
  const host = machine('rig-intel-no-remapping');
  await virshQuiet(host, ['nodedev-detach', 'pci_0000_01_00_0']);
  await attached(host, 'tone', OWN, { managed: false });
  assert.match(
    await fails(host, ['start', 'tone']),
    /^error: Failed to start domain 'tone'\nerror: internal error: qemu unexpectedly closed the monitor: \S+ qemu-system-x86_64: -device \{"driver":"vfio-pci","host":"0000:01:00\.0",.*\}: vfio 0000:01:00\.0: failed to setup container for group 7: Failed to set iommu for container: Operation not permitted\n/,
  );
  assert.match(
    (await host.run(['dmesg'])).stdout,
    /vfio_iommu_type1_attach_group: No interrupt remapping support\. {2}Use the module param "allow_unsafe_interrupts" to enable VFIO IOMMU support on this platform/,
  );
});

test('unmanaged and not detached by hand', async () => {
  const host = machine('rig-intel');
  await attached(host, 'tone', OWN, { managed: false });
  assert.equal(
    await fails(host, ['start', 'tone']),
    started(
      'tone',
      `Requested operation is not valid: Unmanaged PCI device ${OWN} must be manually detached from the host`,
    ),
  );
});

for (const [managed, met, after] of [
  [true, 'process exited while connecting to monitor', 'snd_hda_intel'],
  [false, 'qemu unexpectedly closed the monitor', 'vfio-pci'],
] as const) {
  test(`a group that is not viable, managed='${managed ? 'yes' : 'no'}': the card is then on ${after}`, async () => {
    const host = machine('rig-intel');
    await attached(host, 'tone', CARD, { managed });
    if (!managed) await virshQuiet(host, ['nodedev-detach', 'pci_0000_00_1b_0']);
    const error = await fails(host, ['start', 'tone']);
    assert.ok(error.startsWith(started('tone', `internal error: ${met}: `).slice(0, -1)), error);
    assert.match(
      error,
      /vfio 0000:00:1b\.0: group 5 is not viable\nPlease ensure all devices within the iommu_group are bound to their vfio bus driver\.\n/,
    );
    assert.equal(driver(host, CARD), after);
    assert.equal(driver(host, '0000:00:1b.1'), 'e1000');
  });
}

test('the chipset group: no driver at all is as good as vfio-pci', async () => {
  const host = machine('rig-intel');
  await attached(host, 'tone', CHIPSET);
  assert.match(await fails(host, ['start', 'tone']), /group 6 is not viable/);
  for (const address of ['0000:00:1f.0', '0000:00:1f.2', '0000:00:1f.3']) {
    host.write(`/sys/bus/pci/devices/${address}/driver/unbind`, address);
  }
  await virshQuiet(host, ['start', 'tone']);
  assert.equal(driver(host, CHIPSET), 'vfio-pci');
});

test('the mate of a running guest can be given to nobody, and is left without a driver', async () => {
  const host = machine('rig-intel');
  for (const name of ['pci_0000_00_1b_0', 'pci_0000_00_1b_1'])
    await virshQuiet(host, ['nodedev-detach', name]);
  await attached(host, 'tone', CARD, { managed: false });
  await virshQuiet(host, ['start', 'tone']);
  assert.equal(
    await fails(host, ['nodedev-reattach', 'pci_0000_00_1b_1']),
    "error: Failed to re-attach device pci_0000_00_1b_1\nerror: Failed to trigger a probe for PCI device '0000:00:1b.1': Invalid argument\n",
  );
  assert.equal(driver(host, '0000:00:1b.1'), null);
  await virshQuiet(host, ['destroy', 'tone']);
  await virshQuiet(host, ['nodedev-reattach', 'pci_0000_00_1b_1']);
  assert.equal(driver(host, '0000:00:1b.1'), 'e1000');
});

test('what a running guest has is in use, for the host and for other guests, and so are its mates', async () => {
  const host = machine('rig-intel');
  await attached(host, 'tone', OWN);
  await virshQuiet(host, ['start', 'tone']);
  const busy = `Requested operation is not valid: PCI device ${OWN} is in use by driver QEMU, domain tone`;
  assert.equal(
    await fails(host, ['nodedev-detach', 'pci_0000_01_00_0']),
    `error: Failed to detach device pci_0000_01_00_0\nerror: ${busy}\n`,
  );
  assert.equal(
    await fails(host, ['nodedev-reattach', 'pci_0000_01_00_0']),
    `error: Failed to re-attach device pci_0000_01_00_0\nerror: ${busy}\n`,
  );
  await attached(host, 'other', OWN);
  assert.equal(await fails(host, ['start', 'other']), started('other', busy));

  const shared = machine('rig-intel');
  await virshQuiet(shared, ['nodedev-detach', 'pci_0000_00_1b_1']);
  await attached(shared, 'tone', CARD);
  await virshQuiet(shared, ['start', 'tone']);
  await attached(shared, 'other', '0000:00:1b.1');
  assert.match(
    await fails(shared, ['start', 'other']),
    /PCI device 0000:00:1b\.0 is in use by driver QEMU, domain tone/,
  );
});

test('an address that does not exist is found out at start only', async () => {
  const host = machine('rig-intel');
  await attached(host, 'tone', '0000:09:00.0');
  assert.equal(
    await fails(host, ['start', 'tone']),
    started(
      'tone',
      'Device 0000:09:00.0 not found: could not access /sys/bus/pci/devices/0000:09:00.0/config: No such file or directory',
    ),
  );
  assert.equal(
    await fails(host, ['nodedev-detach', 'pci_0000_09_00_0']),
    "error: Could not find matching device 'pci_0000_09_00_0'\nerror: Node device not found: no node device with matching name 'pci_0000_09_00_0'\n",
  );
});

test('a root port is detached without a word, and is left without a driver', async () => {
  const host = machine('rig-intel');
  const result = await virsh(host, 'nodedev-detach', 'pci_0000_00_05_0');
  assert.deepEqual([result.code, result.stdout], [0, 'Device pci_0000_00_05_0 detached\n\n']);
  assert.equal(driver(host, '0000:00:05.0'), null);
  await attached(host, 'tone', '0000:00:05.0');
  assert.match(await fails(host, ['start', 'tone']), /Non-endpoint PCI devices cannot be assigned to guests/);
  await virshQuiet(host, ['nodedev-reattach', 'pci_0000_00_05_0']);
  assert.equal(driver(host, '0000:00:05.0'), 'pcieport');
});

test('detach and reattach twice are as good as once', async () => {
  const host = await laptop();
  for (const [verb, expected] of [
    ['nodedev-detach', 'vfio-pci'],
    ['nodedev-detach', 'vfio-pci'],
    ['nodedev-reattach', 'snd_hda_intel'],
    ['nodedev-reattach', 'snd_hda_intel'],
  ] as const) {
    await virshQuiet(host, [verb, 'pci_0000_00_1b_0']);
    assert.equal(driver(host, CARD), expected);
  }
});

test('guests that are off, on, or not there', async () => {
  const host = await laptop();
  assert.equal(await fails(host, ['domstate', 'nope']), "error: failed to get domain 'nope'\n");
  for (const [verb, word] of [
    ['shutdown', 'shutdown'],
    ['destroy', 'destroy'],
  ] as const) {
    assert.equal(
      await fails(host, [verb, F20VM]),
      `error: Failed to ${word} domain '${F20VM}'\nerror: Requested operation is not valid: domain is not running\n`,
    );
  }
  assert.match((await attach(host, F20VM, CARD, { scope: 'live' })).stderr, /domain is not running/);
  await virshQuiet(host, ['start', F20VM]);
  assert.equal(await fails(host, ['start', F20VM]), 'error: Domain is already active\n');
});

test('the agent: too early, not there, not configured', async () => {
  const host = machine('rig-intel');
  const ping = (guest: string): Promise<string> =>
    fails(host, ['qemu-agent-command', guest, '{"execute":"guest-ping"}']);
  assert.equal(await ping('tone'), 'error: Requested operation is not valid: domain is not running\n');
  await virshQuiet(host, ['start', 'tone']);
  assert.equal(
    await ping('tone'),
    'error: Guest agent is not responding: QEMU guest agent is not connected\n',
  );
  await host.sleep(5_000);
  assert.equal(
    await virshQuiet(host, ['qemu-agent-command', 'tone', '{"execute":"guest-ping"}']),
    '{"return":{}}\n',
  );
  await virshQuiet(host, ['start', 'plain']);
  assert.equal(await ping('plain'), 'error: argument unsupported: QEMU guest agent is not configured\n');
});
