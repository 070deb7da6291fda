import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';

/** Who uses what on the host, down to the PCI function; all constructed. */

const PROC = { '/proc/self/mountinfo': '', '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n' };
const block = (name: string, target: string, dev: string) => ({
  [`/sys/class/block/${name}`]: `->../../devices/${target}`,
  [`/sys/devices/${target}/dev`]: `${dev}\n`,
});
const SATA = 'pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block';

test('a volume on a partition on a disk leads to the disk’s function', async () => {
  const { storage, gaps } = await collect(
    constructedHost({
      ...block('sda', `${SATA}/sda`, '8:0'),
      ...block('sda1', `${SATA}/sda/sda1`, '8:1'),
      ...block('sda2', `${SATA}/sda/sda2`, '8:2'),
      ...block('dm-0', 'virtual/block/dm-0', '253:0'),
      ...block('dm-1', 'virtual/block/dm-1', '253:1'),
      '/sys/devices/virtual/block/dm-0/slaves/dm-1': '->../../dm-1',
      '/sys/devices/virtual/block/dm-1/slaves/sda2': `->../../../../${SATA}/sda/sda2`,
      '/sys/devices/virtual/block/dm-0/dm/name': 'fedora-root\n',
      '/sys/devices/virtual/block/dm-1/dm/name': 'luks-1234\n',
      ...block('loop0', 'virtual/block/loop0', '7:0'),
      '/proc/self/mountinfo': [
        '22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/mapper/fedora-root rw',
        '23 22 8:1 / /boot/with\\040blank rw - ext4 /dev/sda1 rw',
        '24 22 0:5 / /dev rw - devtmpfs devtmpfs rw\n',
      ].join('\n'),
      '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n/swapfile file 1 0 -2\n',
    }),
    ['storage'],
  );
  assert.deepEqual(storage, [
    { name: 'sda', function: '0000:00:1f.2', mounts: ['/', '/boot/with blank'], swap: true },
  ]);
  assert.deepEqual(gaps, []);
});

test('md, btrfs over two disks, NVMe multipath, a USB stick, and a disk below VMD', async () => {
  const nvme = 'pci0000:00/0000:00:1d.0/0000:04:00.0/nvme/nvme0';
  const usb = 'pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdc';
  const vmd = 'pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0/nvme/nvme1/nvme1n1';
  const { storage } = await collect(
    constructedHost({
      ...PROC,
      ...block('sda', `${SATA}/sda`, '8:0'),
      ...block('sdb', `${SATA.replace('00:1f.2', '00:1f.5')}/sdb`, '8:16'),
      ...block('sdc', usb, '8:32'),
      ...block('sdc1', `${usb}/sdc1`, '8:33'),
      ...block('md0', 'virtual/block/md0', '9:0'),
      '/sys/devices/virtual/block/md0/slaves/sdc1': '->x',
      ...block('nvme0n1', 'virtual/nvme-subsystem/nvme-subsys0/nvme0n1', '259:0'),
      ...block('nvme0n1p2', 'virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p2', '259:2'),
      '/sys/class/nvme-subsystem/nvme-subsys0/nvme0': '->../../../nvme0',
      '/sys/class/nvme/nvme0': `->../../devices/${nvme}`,
      ...block('nvme1n1', vmd, '259:4'),
      '/sys/fs/btrfs/1b4e28ba-2fa1-11d2-883f-0016d3cca427/devices/sda': '->x',
      '/sys/fs/btrfs/1b4e28ba-2fa1-11d2-883f-0016d3cca427/devices/sdb': '->x',
      '/sys/fs/btrfs/features/raid1c34': '0\n',
      '/proc/self/mountinfo': [
        '30 1 0:31 /root / rw - btrfs /dev/sda rw',
        '31 30 9:0 / /srv rw - ext4 /dev/md0 rw',
        '32 30 259:2 / /var rw - xfs /dev/nvme0n1p2 rw',
        '33 30 259:4 / /home rw - xfs /dev/nvme1n1 rw\n',
      ].join('\n'),
    }),
    ['storage'],
  );
  assert.deepEqual(
    storage?.map((s) => `${s.name} ${s.function} ${s.mounts}`),
    [
      'nvme0n1 0000:04:00.0 /var',
      'nvme1n1 0000:00:0e.0 /home',
      'nvme1n1 10000:e1:00.0 /home',
      'sda 0000:00:1f.2 /',
      'sdb 0000:00:1f.5 /',
      'sdc 0000:00:14.0 /srv',
    ],
  );
});

test('a ZFS pool is a gap, for nobody can say on which disks it is', async () => {
  const mountinfo = '30 1 0:31 / / rw - zfs rpool/ROOT/pve-1 rw\n';
  const { storage, gaps } = await collect(
    constructedHost({ ...PROC, ...block('sda', `${SATA}/sda`, '8:0'), '/proc/self/mountinfo': mountinfo }),
    ['storage'],
  );
  assert.deepEqual(storage?.[0]?.mounts, []);
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.subject]),
    [['storage.mounts', 'rpool/ROOT/pve-1']],
  );
});

const nic = (name: string, target: string, flags: string) => ({
  [`/sys/class/net/${name}`]: `->../../devices/${target}/net/${name}`,
  [`/sys/devices/${target}/net/${name}/flags`]: `${flags}\n`,
});
const ROUTE = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

test('the port of a bridge that carries the default route carries it too', async () => {
  const port = 'pci0000:00/0000:00:1c.0/0000:02:00.0';
  const { network, gaps } = await collect(
    constructedHost({
      ...nic('eno1', port, '0x1103'),
      ...nic('br0', 'virtual', '0x1003'),
      ...nic('enp5s0', 'pci0000:00/0000:00:1c.4/0000:05:00.0/virtio3', '0x1002'),
      ...nic('lo', 'virtual', '0x9'),
      [`/sys/devices/${port}/net/eno1/carrier`]: '1\n',
      [`/sys/devices/${port}/net/eno1/master`]: '->../../../../../virtual/net/br0',
      [`/sys/devices/${port}/net/eno1/upper_br0`]: '->../../../../../virtual/net/br0',
      '/sys/devices/virtual/net/br0/carrier': '1\n',
      '/sys/devices/virtual/net/lo/carrier': '1\n',
      '/sys/class/net/bonding_masters': '',
      '/proc/net/route': `${ROUTE}br0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neno1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`,
    }),
    ['network'],
  );
  assert.deepEqual(
    network?.map((n) => [n.name, n.function, n.up, n.carrier, n.master, n.defaultRoute]),
    [
      ['br0', null, true, true, null, true],
      ['eno1', '0000:02:00.0', true, true, 'br0', true],
      ['enp5s0', '0000:05:00.0', false, null, null, false],
      ['lo', null, true, true, null, false],
    ],
  );
  assert.deepEqual(gaps, []);
});

test('a default route of IPv6 counts, the unreachable one of the loopback does not', async () => {
  const zeros = '0'.repeat(32);
  const line = (flags: string, name: string) =>
    `${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 00000400 00000001 00000000 ${flags} ${name}`;
  const { network } = await collect(
    constructedHost({
      ...nic('eth0', 'pci0000:00/0000:00:03.0', '0x1003'),
      ...nic('lo', 'virtual', '0x9'),
      '/proc/net/ipv6_route': `${line('00000003', '    eth0')}\n${line('00200200', '      lo')}\n${line('00000001', 'lo')}\n`,
    }),
    ['network'],
  );
  assert.deepEqual(
    network?.map((n) => [n.name, n.defaultRoute]),
    [
      ['eth0', true],
      ['lo', false],
    ],
  );
});

const CARD = {
  '/sys/class/sound/card0': '->../../devices/pci0000:00/0000:00:1b.0/sound/card0',
  '/sys/devices/pci0000:00/0000:00:1b.0/sound/card0/id': 'PCH\n',
  '/proc/asound/cards':
    ' 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0xf252 irq 31\n',
};

test('who plays is told by the PCM’s status, which needs no root', async () => {
  const { sound, gaps } = await collect(
    constructedHost(
      {
        ...CARD,
        '/proc/asound/card0/codec#0': '!permission denied',
        '/proc/asound/card0/pcm0c/sub0/status': 'closed\n',
        '/proc/asound/card0/pcm0p/sub0/status': 'state: RUNNING\nowner_pid   : 4711\ntrigger_time: 1.2\n',
        '/proc/4711/status': 'Name:\talsa-sink\nTgid:\t4700\nPid:\t4711\n',
        '/proc/4700/comm': 'pulseaudio\n',
      },
      [],
      false,
    ),
    ['sound'],
  );
  assert.deepEqual(sound, [
    {
      card: 0,
      id: 'PCH',
      name: 'HDA Intel PCH',
      function: '0000:00:1b.0',
      openBy: [{ pid: 4700, command: 'pulseaudio', path: '/dev/snd/pcmC0D0p' }],
    },
  ]);
  assert.deepEqual(gaps, []);
});

test('a PCM whose status cannot be read is a gap, not an idle card', async () => {
  const { sound, gaps } = await collect(
    constructedHost({ ...CARD, '/proc/asound/card0/pcm0p/sub0/status': '!permission denied' }),
    ['sound'],
  );
  assert.ok(sound?.[0] && !('openBy' in sound[0]));
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.subject, g.why]),
    [['sound.openBy', 'card0', 'permission denied']],
  );
});

const GPU = {
  '/sys/class/drm/card1': '->../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1',
  '/sys/class/drm/card1-HDMI-A-1':
    '->../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1/card1-HDMI-A-1',
  '/sys/class/drm/renderD129': '->../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/renderD129',
  '/sys/class/drm/version': 'drm 1.1.0\n',
  '/proc/900/fd/5': '->/dev/dri/card1',
  '/proc/900/fd/6': '->/dev/dri/card1',
  '/proc/900/comm': 'Xorg\n',
  '/proc/901/fd/0': '->/dev/null',
};

test('display nodes and who has them open', async () => {
  const { display, gaps } = await collect(constructedHost(GPU), ['display']);
  assert.deepEqual(display, [
    {
      name: 'card1',
      function: '0000:01:00.0',
      openBy: [{ pid: 900, command: 'Xorg', path: '/dev/dri/card1' }],
    },
    { name: 'renderD129', function: '0000:01:00.0', openBy: [] },
  ]);
  assert.deepEqual(gaps, []);
});

test('without root a holder that is seen is one, and that none is seen proves nothing', async () => {
  const { display, gaps } = await collect(
    constructedHost({ ...GPU, '/proc/1/fd': '!permission denied' }, [], false),
    ['display'],
  );
  assert.equal(display?.[0]?.openBy?.length, 1);
  assert.ok(display?.[1] && !('openBy' in display[1]));
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.subject]),
    [['display.openBy', 'renderD129']],
  );
});
