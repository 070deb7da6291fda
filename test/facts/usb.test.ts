import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';

/** What is plugged into a USB controller; constructed. */

const CONTROLLER = 'pci0000:00/0000:00:14.0/usb1';
const device = (name: string, place: string, files: Record<string, string>) => ({
  [`/sys/bus/usb/devices/${name}`]: `->../../../devices/${CONTROLLER}/${place}`,
  ...Object.fromEntries(
    Object.entries(files).map(([file, text]) => [`/sys/devices/${CONTROLLER}/${place}/${file}`, `${text}\n`]),
  ),
});

test('devices behind hubs by their port, with the classes of their interfaces', async () => {
  const { usb, gaps } = await collect(
    constructedHost({
      '/sys/bus/usb/devices/usb1': `->../../../devices/${CONTROLLER}`,
      ...device('1-0:1.0', '1-0:1.0', { bInterfaceClass: '09' }),
      ...device('1-4', '1-4', { bDeviceClass: '09', product: 'USB2.0 Hub' }),
      ...device('1-4:1.0', '1-4/1-4:1.0', { bInterfaceClass: '09' }),
      ...device('1-4.2', '1-4/1-4.2', { bDeviceClass: '00', product: 'Receiver' }),
      ...device('1-4.2:1.0', '1-4/1-4.2/1-4.2:1.0', { bInterfaceClass: '03' }),
      ...device('1-4.2:1.1', '1-4/1-4.2/1-4.2:1.1', { bInterfaceClass: '03' }),
      ...device('1-4.2:1.2', '1-4/1-4.2/1-4.2:1.2', { bInterfaceClass: '01' }),
      ...device('1-4.21', '1-4/1-4.21', { bDeviceClass: 'ef' }),
      ...device('1-4.21:1.0', '1-4/1-4.21/1-4.21:1.0', { bInterfaceClass: '0e' }),
    }),
    ['usb'],
  );
  assert.deepEqual(usb, [
    { name: '1-4.2', product: 'Receiver', function: '0000:00:14.0', classes: ['01', '03'] },
    { name: '1-4.21', product: null, function: '0000:00:14.0', classes: ['0e'] },
  ]);
  assert.deepEqual(gaps, []);
});

test('a sound card, a stick and a network adapter on USB lead to the controller too', async () => {
  const { sound, network, storage } = await collect(
    constructedHost({
      '/sys/class/sound/card2': `->../../devices/${CONTROLLER}/1-4/1-4:1.0/sound/card2`,
      [`/sys/devices/${CONTROLLER}/1-4/1-4:1.0/sound/card2/id`]: 'Device\n',
      '/proc/asound/card2/pcm0p/sub0/status': 'state: RUNNING\nowner_pid   : 900\n',
      '/sys/class/net/enx0': `->../../devices/${CONTROLLER}/1-5/1-5:1.0/net/enx0`,
      [`/sys/devices/${CONTROLLER}/1-5/1-5:1.0/net/enx0/flags`]: '0x1003\n',
      '/sys/class/block/sdb': `->../../devices/${CONTROLLER}/1-6/1-6:1.0/host6/target6:0:0/6:0:0:0/block/sdb`,
      [`/sys/devices/${CONTROLLER}/1-6/1-6:1.0/host6/target6:0:0/6:0:0:0/block/sdb/dev`]: '8:16\n',
      '/proc/self/mountinfo': '30 1 8:16 / /boot rw - vfat /dev/sdb rw\n',
      '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n',
    }),
    ['sound', 'network', 'storage'],
  );
  const owner = '0000:00:14.0';
  assert.deepEqual(
    sound?.map((card) => [card.function, card.openBy?.length]),
    [[owner, 1]],
  );
  assert.deepEqual(
    network?.map((nic) => [nic.name, nic.function]),
    [['enx0', owner]],
  );
  assert.deepEqual(
    storage?.map((disk) => [disk.name, disk.function, disk.mounts]),
    [['sdb', owner, ['/boot']]],
  );
});
