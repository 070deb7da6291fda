import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedConsole } from '../../../src/host/simulated/console.ts';
import {
  attached,
  driver,
  inGuest,
  interruptsOf,
  laptop,
  machine,
  names,
  startedUp,
  text,
  virsh,
  virshQuiet,
} from './machine.ts';

const STORIES = [
  { board: 'i7-2620m', guest: 'f20vm', address: '0000:00:1b.0', inGuestAt: '0000:00:05.0', id: '0x1c20' },
  { board: 'rig-intel', guest: 'tone', address: '0000:01:00.0', inGuestAt: '0000:03:01.0', id: '0x293e' },
  { board: 'rig-amd', guest: 'tone', address: '0000:00:06.0', inGuestAt: '0000:03:01.0', id: '0x293e' },
];

for (const { board, guest, address, inGuestAt, id } of STORIES) {
  for (const managed of [false, true]) {
    test(`by hand on ${board}, managed='${managed ? 'yes' : 'no'}'`, async () => {
      const host = board === 'i7-2620m' ? await laptop() : machine(board);
      const name = `pci_${address.replace(/[:.]/g, '_')}`;
      const group = host.state.board.functions.find((f) => f.address === address)!.group;
      const seen: (string | null)[] = [driver(host, address)];
      if (!managed) await virshQuiet(host, ['nodedev-detach', name]);
      await attached(host, guest, address, { managed });
      seen.push(driver(host, address));
      assert.equal((await virsh(host, 'start', guest)).stdout, `Domain '${guest}' started\n\n`);
      seen.push(driver(host, address));

      const pid = text(host, `/run/libvirt/qemu/${guest}.pid`);
      assert.equal(text(host, `/proc/${pid}/comm`), 'qemu-system-x86\n');
      const open = names(host, `/proc/${pid}/fd`).map((fd) => host.link(`/proc/${pid}/fd/${fd}`));
      assert.ok(open.some((l) => l.state === 'read' && l.value === `/dev/vfio/${group}`));
      assert.equal(interruptsOf(host, `vfio-msi[0](${address})`), null, 'no driver in the guest yet');

      await host.sleep(10_000);
      const count = interruptsOf(host, `vfio-msi[0](${address})`);
      assert.ok(count !== null && count > 0);
      assert.equal(
        (await inGuest(host, guest, 'cat', `/sys/bus/pci/devices/${inGuestAt}/device`)).stdout,
        `${id}\n`,
      );
      assert.equal(
        (await inGuest(host, guest, 'readlink', `/sys/bus/pci/devices/${inGuestAt}/driver`)).stdout,
        '../../../bus/pci/drivers/snd_hda_intel\n',
      );
      await inGuest(host, guest, 'aplay', '-D', 'hw:0,0', '-d', '2', '/dev/zero');
      assert.ok(
        interruptsOf(host, `vfio-msi[0](${address})`)! >= count + 20,
        'two seconds of playback are counted',
      );

      await virshQuiet(host, ['shutdown', guest]);
      assert.equal(await virshQuiet(host, ['domstate', guest]), 'running\n');
      await host.sleep(5_000);
      assert.equal(await virshQuiet(host, ['domstate', guest]), 'shut off\n');
      assert.equal(host.exists(`/proc/${pid}`), false);
      seen.push(driver(host, address));
      await virshQuiet(host, ['nodedev-reattach', name]);
      seen.push(driver(host, address));
      const [hda, vfio] = ['snd_hda_intel', 'vfio-pci'];
      assert.deepEqual(seen, managed ? [hda, hda, vfio, hda, hda] : [hda, vfio, vfio, vfio, hda]);
    });
  }
}

test('what was on vfio-pci before a managed start stays there after it', async () => {
  const host = await laptop();
  await virshQuiet(host, ['nodedev-detach', 'pci_0000_00_1b_0']);
  await attached(host, 'f20vm', '0000:00:1b.0');
  await startedUp(host, 'f20vm');
  await virshQuiet(host, ['destroy', 'f20vm']);
  assert.equal(driver(host, '0000:00:1b.0'), 'vfio-pci');
});

test('the how-to, typed at the console', async () => {
  const host = await laptop();
  const type = async (line: string): Promise<string> => {
    const { stdout, code } = await simulatedConsole(host, line);
    assert.equal(code, 0, stdout);
    return stdout;
  };
  assert.match(
    await type('lspci -s 00:1b.0'),
    /^00:1b\.0 \[0403\]: Intel Corporation 6 Series.*\[8086:1c20\] \(rev 04\)\n\tKernel driver in use: snd_hda_intel\n$/,
  );
  assert.match(await type('virsh nodedev-list --tree'), /^ {2}\+- pci_0000_00_1b_0$/m);
  assert.match(
    await type('virsh nodedev-list --tree'),
    /^ {2}\+- pci_0000_00_1c_1\n {2}\| {3}\|\n {2}\| {3}\+- pci_0000_03_00_0\n/m,
  );
  assert.match(
    await type('virsh nodedev-dumpxml pci_0000_00_1b_0'),
    /<slot>27<\/slot>[\s\S]*<iommuGroup number='5'>/,
  );
  assert.equal(await type('virsh nodedev-detach pci_0000_00_1b_0'), 'Device pci_0000_00_1b_0 detached\n\n');
  assert.equal(
    await type('readlink /sys/bus/pci/devices/0000\\:00\\:1b.0/driver'),
    '../../../bus/pci/drivers/vfio-pci\n',
  );
  assert.match(await type('lsmod'), /^vfio_iommu_type1 /m);
  await type('echo > /sys/bus/pci/devices/0000:00:1b.0/driver_override');
  assert.equal(await type('cat /sys/bus/pci/devices/0000:00:1b.0/driver_override'), '(null)\n');
  assert.match(await type('ls /dev/vfio'), /^5\nvfio\n$/);
  assert.match(await type('dmesg'), /VFIO - User Level meta-driver version: 0\.3/);
  assert.match(await type('help'), /^reboot +start the machine again$/m);
  await type('reboot');
  assert.equal(driver(host, '0000:00:1b.0'), 'snd_hda_intel');
  assert.deepEqual(await simulatedConsole(host, 'rm -rf /'), {
    stdout: 'not simulated: rm -rf /\n',
    code: 127,
  });
  assert.deepEqual(await simulatedConsole(host, 'cat /none'), {
    stdout: 'cat: /none: No such file or directory\n',
    code: 1,
  });
});
