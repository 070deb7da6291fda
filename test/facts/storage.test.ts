import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { captureHost } from '../../src/host/capture.ts';
import { recorderOf } from '../../src/host/recorder.ts';
import { constructedHost } from './hosts.ts';
import {
  block,
  mapper,
  mounted,
  mountinfo,
  NVME,
  QUIET,
  SATA,
  swapping,
  udev,
  volume,
} from './storage-hosts.ts';

/** What the host keeps on which disk, down to the PCI function; all constructed after real machines. */

type Files = Parameters<typeof constructedHost>[0];

/** Each host is also recorded while it is read: its capture must answer the same. */
async function storageOf(files: Files, root = true) {
  const recorder = recorderOf(constructedHost({ ...QUIET, ...files }, [], root));
  const { storage = [], gaps } = await collect(recorder.host, ['storage']);
  const capture = captureHost(recorder.capture({ by: 'x', kind: 'constructed', from: null }));
  const again = await collect(capture, ['storage']);
  assert.deepEqual(again.storage ?? [], storage);
  assert.deepEqual(
    again.gaps.map((g) => [g.fact, g.subject]),
    gaps.map((g) => [g.fact, g.subject]),
  );
  return { storage, gaps };
}

/** `disk function: kind name < through < through`, one a hold. */
async function holdsOf(files: Files): Promise<string[]> {
  const { storage, gaps } = await storageOf(files);
  assert.deepEqual(gaps, []);
  return storage.flatMap(({ name, function: fn, holds = [] }) => [
    ...(holds.length === 0 ? [`${name} ${fn}`] : []),
    ...holds.map((h) => `${name} ${fn}: ${[`${h.kind} ${h.name}`, ...h.through.toReversed()].join(' < ')}`),
  ]);
}

const CRYPT = 'CRYPT-LUKS2-0123-luks-root';

test('LVM on LUKS on an NVMe partition, with a swap volume, and a file for more swap', async () => {
  const files = {
    ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
    ...block('nvme0n1p1', `${NVME}/nvme0n1/nvme0n1p1`, '259:1'),
    ...block('nvme0n1p2', `${NVME}/nvme0n1/nvme0n1p2`, '259:2'),
    ...mapper('dm-0', '253:0', 'luks-root', CRYPT, ['nvme0n1p2']),
    ...mapper('dm-1', '253:1', 'vg0-root', 'LVM-abc', ['dm-0']),
    ...mapper('dm-2', '253:2', 'vg0-swap', 'LVM-def', ['dm-0']),
    ...mapper('dm-3', '253:3', 'vg0-old\x2dhome', 'LVM-ghi', ['dm-0']),
    ...udev('259:2', { ID_FS_TYPE: 'crypto_LUKS' }, ['disk/by-id/nvme-eui.01-part2']),
    ...udev('253:1', {}, ['vg0/root', 'mapper/vg0-root']),
    ...mounted(
      '253:1 / ext4 /dev/mapper/vg0-root',
      '259:1 /boot ext4 /dev/nvme0n1p1',
      '253:1 /srv/with\\040blank ext4 /dev/mapper/vg0-root',
      '0:5 /dev devtmpfs devtmpfs',
    ),
    ...swapping('/dev/dm-2 partition 1 0 -2', '/swapfile file 1 0 -3'),
  };
  const up = 'vg0-root (LVM) < luks-root (dm-crypt) < nvme0n1p2';
  assert.deepEqual(await holdsOf(files), [
    `nvme0n1 0000:04:00.0: mount / < ${up}`,
    'nvme0n1 0000:04:00.0: mount /boot < nvme0n1p1',
    `nvme0n1 0000:04:00.0: mount /srv/with blank < ${up}`,
    'nvme0n1 0000:04:00.0: swap /dev/mapper/vg0-swap < vg0-swap (LVM) < luks-root (dm-crypt) < nvme0n1p2',
    `nvme0n1 0000:04:00.0: swap /swapfile < ${up}`,
    'nvme0n1 0000:04:00.0: volume vg0-old-home < vg0-old-home (LVM) < luks-root (dm-crypt) < nvme0n1p2',
  ]);
  const [disk] = (await storageOf(files)).storage;
  assert.deepEqual(
    [disk?.mounts, disk?.swap, disk?.transport],
    [['/', '/boot', '/srv/with blank'], true, 'nvme'],
  );
  for (const path of [
    'nvme0n1',
    'nvme0n1p2',
    'disk/by-id/nvme-eui.01-part2',
    'dm-1',
    'vg0/root',
    'mapper/vg0-swap',
  ])
    assert.ok(disk?.paths?.includes(`/dev/${path}`), path);
});

test('md over two controllers: both hold it; an array that nobody mounted counts too', async () => {
  const other = SATA.replace('00:1f.2', '00:1f.5');
  assert.deepEqual(
    await holdsOf({
      ...block('sda', `${SATA}/sda`, '8:0'),
      ...block('sda1', `${SATA}/sda/sda1`, '8:1'),
      ...block('sdb', `${other}/sdb`, '8:16'),
      ...block('sdb1', `${other}/sdb/sdb1`, '8:17'),
      ...block('sdb2', `${other}/sdb/sdb2`, '8:18'),
      ...volume('md0', '9:0', ['sda1', 'sdb1']),
      ...block('md0p1', 'virtual/block/md0/md0p1', '259:9'),
      ...volume('md1', '9:1', ['sdb2']),
      ...mounted('259:9 /srv xfs /dev/md0p1'),
    }),
    [
      'sda 0000:00:1f.2: mount /srv < md0p1 < md0 (md) < sda1',
      'sdb 0000:00:1f.5: mount /srv < md0p1 < md0 (md) < sdb1',
      'sdb 0000:00:1f.5: volume md1 < md1 (md) < sdb2',
    ],
  );
});

test('a SAS disk with two paths: multipath over both controllers', async () => {
  const path = (hba: string, host: number) =>
    `pci0000:00/0000:00:01.0/${hba}/host${host}/port-${host}:0/end_device-${host}:0/target${host}:0:0/${host}:0:0:0/block`;
  const { storage } = await storageOf({
    ...block('sdc', `${path('0000:03:00.0', 2)}/sdc`, '8:32'),
    ...block('sdd', `${path('0000:05:00.0', 3)}/sdd`, '8:48'),
    ...mapper('dm-0', '253:0', 'mpatha', 'mpath-36000', ['sdc', 'sdd']),
    ...mapper('dm-1', '253:1', 'mpatha1', 'part1-mpath-36000', ['dm-0']),
    ...mounted('253:1 /data xfs /dev/mapper/mpatha1'),
  });
  assert.deepEqual(
    storage.map((s) => [s.name, s.function, s.transport, s.mounts, s.holds?.[0]?.through]),
    ['0000:03:00.0', '0000:05:00.0'].map((fn, at) => [
      ['sdc', 'sdd'][at],
      fn,
      'sas',
      ['/data'],
      ['mpatha (multipath)', 'mpatha1 (multipath)'],
    ]),
  );
});

const POOL = { '/proc/spl/kstat/zfs/arcstats': 'x\n', '/proc/spl/kstat/zfs/tank/state': 'ONLINE\n' };
const zfsMember = (dev: string, pool?: string) =>
  udev(dev, { ID_FS_TYPE: 'zfs_member', ...(pool === undefined ? {} : { ID_FS_LABEL: pool }) });
const ZFS_DISKS = {
  ...block('sda', `${SATA}/sda`, '8:0'),
  ...block('sda2', `${SATA}/sda/sda2`, '8:2'),
  ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
};

test('a ZFS pool holds its disks by their labels, mounted or not; another’s pool does not', async () => {
  const disks = {
    ...ZFS_DISKS,
    ...POOL,
    ...zfsMember('8:2', 'tank'),
    ...zfsMember('259:0', 'guestpool'),
    ...volume('zd0', '230:0', []),
    ...udev('230:0', {}, ['zvol/tank/web01']),
  };
  assert.deepEqual(await holdsOf(disks), [
    'nvme0n1 0000:04:00.0',
    'sda 0000:00:1f.2: pool tank < tank (ZFS) < sda2',
  ]);
  assert.deepEqual(await holdsOf({ ...disks, ...mounted('0:44 /home zfs tank/home') }), [
    'nvme0n1 0000:04:00.0',
    'sda 0000:00:1f.2: mount /home < tank (ZFS) < sda2',
  ]);
  const { storage } = await storageOf(disks);
  assert.ok(storage.find((s) => s.name === 'sda')?.paths?.includes('/dev/zvol/tank/web01'));
});

test('a cache of ZFS whose label names no pool is held by it; a signature of before does not hide a member', async () => {
  assert.deepEqual(
    await holdsOf({
      ...ZFS_DISKS,
      ...POOL,
      ...udev('8:2', {
        ID_FS_AMBIVALENT: 'filesystem:ext4:1.0 filesystem:zfs_member:5000',
        ID_FS_LABEL: 'tank',
      }),
      ...zfsMember('259:0'),
    }),
    ['nvme0n1 0000:04:00.0: pool tank < tank (ZFS)', 'sda 0000:00:1f.2: pool tank < tank (ZFS) < sda2'],
  );
});

test('a pool of which no disk is known is a gap: any disk may be its own', async () => {
  for (const more of [{}, zfsMember('8:2', 'name-before-import')]) {
    const { gaps } = await storageOf({ ...ZFS_DISKS, ...POOL, ...more });
    assert.deepEqual(
      gaps.map((g) => [g.fact, g.subject, g.why]),
      [['storage.holds', null, 'no disk is known to belong to the ZFS pool tank']],
    );
  }
});

test('a dataset of a pool of which the module says nothing is a gap', async () => {
  const { gaps } = await storageOf({ ...ZFS_DISKS, ...mounted('0:44 /home zfs tank/home') });
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.why]),
    [['storage.holds', 'the module does not tell of the pool of tank/home']],
  );
});

test('btrfs on two disks, by any of its members and as /dev/root; unmounted by us, but by somebody', async () => {
  const fs = '/sys/fs/btrfs/1b4e28ba-2fa1-11d2-883f-0016d3cca427/devices';
  const disks = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
    [`${fs}/sda`]: '->x',
    [`${fs}/nvme0n1`]: '->x',
    '/sys/fs/btrfs/features/raid1c34': '0\n',
  };
  for (const source of ['/dev/sda', '/dev/nvme0n1', '/dev/root']) {
    assert.deepEqual(await holdsOf({ ...disks, ...mounted(`0:31 / btrfs ${source}`) }), [
      'nvme0n1 0000:04:00.0: mount /',
      'sda 0000:00:1f.2: mount /',
    ]);
  }
  assert.deepEqual(await holdsOf(disks), [
    'nvme0n1 0000:04:00.0: pool btrfs on nvme0n1 sda',
    'sda 0000:00:1f.2: pool btrfs on nvme0n1 sda',
  ]);
  const { gaps } = await storageOf({
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...mounted('0:31 /data btrfs /dev/gone'),
  });
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.why]),
    [['storage.holds', 'the disks of /dev/gone on /data are not known']],
  );
});

test('bcache: the disk behind and the cache in front, also while no volume of the set runs', async () => {
  const disks = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
    ...block('nvme0n1p3', `${NVME}/nvme0n1/nvme0n1p3`, '259:3'),
    '/sys/fs/bcache/register': '',
    '/sys/fs/bcache/6c1e2f7a-0000-4000-8000-000000000001/cache0': `->../../../devices/${NVME}/nvme0n1/nvme0n1p3/bcache`,
  };
  const mountedOn = mounted('252:0 /var xfs /dev/bcache0');
  assert.deepEqual(
    await holdsOf({ ...disks, ...volume('bcache0', '252:0', ['sda', 'nvme0n1p3']), ...mountedOn }),
    [
      'nvme0n1 0000:04:00.0: mount /var < bcache0 (bcache) < nvme0n1p3',
      'sda 0000:00:1f.2: mount /var < bcache0 (bcache)',
    ],
  );
  assert.deepEqual(await holdsOf(disks), [
    'nvme0n1 0000:04:00.0: volume bcache set 6c1e2f7a-0000-4000-8000-000000000001 < nvme0n1p3',
    'sda 0000:00:1f.2',
  ]);
});

test('NVMe: below VMD both functions, with native multipath every controller and no hidden path', async () => {
  const vmd = 'pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0/nvme/nvme1/nvme1n1';
  assert.deepEqual(
    await holdsOf({
      ...block('nvme0n1', 'virtual/nvme-subsystem/nvme-subsys0/nvme0n1', '259:0'),
      ...block('nvme0n1p2', 'virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p2', '259:2'),
      ...block('nvme0c0n1', `${NVME}/nvme0c0n1`, '0:0'),
      '/sys/class/nvme-subsystem/nvme-subsys0/nvme0': '->../../../nvme0',
      '/sys/class/nvme-subsystem/nvme-subsys0/nvme2': '->../../../nvme2',
      '/sys/class/nvme-subsystem/nvme-subsys0/subsysnqn': 'nqn\n',
      '/sys/class/nvme/nvme0': `->../../devices/${NVME}`,
      '/sys/class/nvme/nvme2': `->../../devices/${NVME.replace('04:00.0', '05:00.0')}`,
      ...block('nvme1n1', vmd, '259:4'),
      ...mounted('259:2 /var xfs /dev/nvme0n1p2', '259:4 /home xfs /dev/nvme1n1'),
    }),
    [
      'nvme0n1 0000:04:00.0: mount /var < nvme0n1p2',
      'nvme0n1 0000:05:00.0: mount /var < nvme0n1p2',
      'nvme1n1 0000:00:0e.0: mount /home',
      'nvme1n1 10000:e1:00.0: mount /home',
    ],
  );
});

test('transports, and disks that are on no PCI function', async () => {
  const usb = 'pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdc';
  const iscsi = 'platform/host3/session1/target3:0:0/3:0:0:0/block/sdd';
  const { storage } = await storageOf({
    ...block('sdc', usb, '8:32'),
    ...block('sdd', iscsi, '8:48'),
    ...block('sde', iscsi.replace('sdd', 'sde'), '8:64'),
    ...block('vda', 'pci0000:00/0000:00:03.0/virtio1/block/vda', '254:0'),
    ...block('sdf', 'pci0000:00/0000:00:04.0/virtio2/host7/target7:0:0/7:0:0:0/block/sdf', '8:80'),
    ...block('mmcblk0', 'pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0', '179:0'),
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('cciss!c0d0', 'pci0000:00/0000:02:00.0/cciss0/c0d0/block/cciss!c0d0', '104:0'),
    ...volume('zram0', '252:0', []),
    ...volume('ram0', '1:0', []),
    ...mounted('8:48 /backup ext4 /dev/sdd'),
    ...swapping('/dev/zram0 partition 1 0 100'),
  });
  assert.deepEqual(
    storage.map((s) => [s.name, s.function, s.transport, s.mounts, s.swap]),
    [
      ['cciss!c0d0', '0000:02:00.0', null, [], false],
      ['mmcblk0', '0000:00:1a.0', 'mmc', [], false],
      ['sda', '0000:00:1f.2', 'sata', [], false],
      ['sdc', '0000:00:14.0', 'usb', [], false],
      ['sdd', null, 'iscsi', ['/backup'], false],
      ['sdf', '0000:00:04.0', 'virtio', [], false],
      ['vda', '0000:00:03.0', 'virtio', [], false],
    ],
  );
  assert.deepEqual(storage[0]?.paths, ['/dev/cciss/c0d0']);
});

test('loop devices: of a file by its mount, of a partition by itself, also with nothing mounted', async () => {
  const disks = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('sda1', `${SATA}/sda/sda1`, '8:1'),
    ...block('sda2', `${SATA}/sda/sda2`, '8:2'),
    ...volume('loop0', '7:0', [], { 'loop/backing_file': '/srv/images/tools.img\n' }),
    ...volume('loop1', '7:1', [], { 'loop/backing_file': '/dev/sda2\n' }),
    ...volume('loop2', '7:2', []),
  };
  assert.deepEqual(
    await holdsOf({ ...disks, ...mounted('8:1 /srv xfs /dev/sda1', '7:0 /opt/tools squashfs /dev/loop0') }),
    [
      'sda 0000:00:1f.2: mount /opt/tools < loop0 (/srv/images/tools.img) < sda1',
      'sda 0000:00:1f.2: mount /srv < sda1',
      'sda 0000:00:1f.2: volume loop1 < loop1 (/dev/sda2) < sda2',
    ],
  );
});

test('the log of an XFS on another disk, and bcachefs over two', async () => {
  assert.deepEqual(
    await holdsOf({
      ...block('sda', `${SATA}/sda`, '8:0'),
      ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
      ...mounted(
        '8:0 /srv xfs /dev/sda rw,logdev=/dev/nvme0n1,noquota',
        '0:50 /pool bcachefs /dev/sda:/dev/nvme0n1',
      ),
    }),
    [
      'nvme0n1 0000:04:00.0: mount /pool',
      'nvme0n1 0000:04:00.0: mount /srv',
      'sda 0000:00:1f.2: mount /pool',
      'sda 0000:00:1f.2: mount /srv',
    ],
  );
});

test('what only init or a process with mounts of its own has mounted counts; what everybody has does not twice', async () => {
  const own = mountinfo('8:0 / ext4 /dev/sda', '0:5 /proc proc proc');
  const files = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('sdb', `${SATA.replace('0:0:0', '0:1:0')}/sdb`, '8:16'),
    ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
    '/proc/self/mountinfo': own,
    '/proc/self/ns/mnt': '->mnt:[1]',
    '/proc/1/mountinfo': own + mountinfo('8:16 /data xfs /dev/sdb'),
    '/proc/1/ns/mnt': '->mnt:[2]',
    '/proc/77/ns/mnt': '->mnt:[3]',
    '/proc/77/mountinfo': mountinfo('8:0 / ext4 /dev/sda', '259:0 / ext4 /dev/nvme0n1'),
    '/proc/77/comm': 'lxc-start\n',
    '/proc/78/ns/mnt': '->mnt:[3]',
    '/proc/78/mountinfo': '!must not be read',
  };
  assert.deepEqual(await holdsOf(files), [
    'nvme0n1 0000:04:00.0: mount / of lxc-start (pid 77)',
    'sda 0000:00:1f.2: mount /',
    'sdb 0000:00:1f.2: mount /data',
  ]);
  const { gaps } = await storageOf(
    { ...files, '/proc/77/ns/mnt': '!permission denied', '/proc/78/ns/mnt': '!permission denied' },
    false,
  );
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.subject, g.why]),
    [['storage.holds', null, 'permission denied']],
  );
});

test('what /etc/fstab names and is not mounted, by every kind of name; what is mounted is told once', async () => {
  const disks = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('sda1', `${SATA}/sda/sda1`, '8:1'),
    ...block('sda2', `${SATA}/sda/sda2`, '8:2'),
    ...block('sda3', `${SATA}/sda/sda3`, '8:3'),
    ...udev('8:1', {}, ['disk/by-uuid/8D53-01A2', 'disk/by-label/my\\x20disk', 'disk/by-partuuid/ab-01']),
    ...mounted('8:2 / ext4 /dev/sda2', '0:40 /boot/efi autofs systemd-1'),
    '/etc/fstab': [
      '# <file system> <mount point> <type>',
      'UUID=8d53-01a2 /boot/efi vfat noauto,x-systemd.automount 0 1',
      'LABEL="my\\040disk" /mnt/stick/ vfat noauto',
      'PARTUUID=AB-01 /mnt/again vfat noauto',
      '/dev/sda2 / ext4 defaults 0 1',
      '/dev/sda3 none swap sw',
      'UUID=not-here /gone ext4 nofail',
      'nas:/home /home nfs defaults',
      'tmpfs /tmp tmpfs\n',
    ].join('\n'),
  };
  const off = 'not mounted now (/etc/fstab) < sda1';
  assert.deepEqual(await holdsOf(disks), [
    'sda 0000:00:1f.2: mount / < sda2',
    `sda 0000:00:1f.2: mount /boot/efi < ${off}`,
    `sda 0000:00:1f.2: mount /mnt/again < ${off}`,
    `sda 0000:00:1f.2: mount /mnt/stick < ${off}`,
    'sda 0000:00:1f.2: swap /dev/sda3 < not in use now (/etc/fstab) < sda3',
  ]);
  const [disk] = (await storageOf(disks)).storage;
  assert.deepEqual([disk?.mounts, disk?.swap], [['/'], false]);
  const { gaps } = await storageOf({ ...disks, '/run/udev/data/b8:1': '!denied' });
  assert.ok(gaps.some((g) => g.fact === 'storage.holds' && g.path === '/etc/fstab'));
  assert.ok(gaps.some((g) => g.subject === 'sda' && g.path === '/run/udev/data/b8:1'));
});

test('the device of hibernation: the kernel’s word, else resume=; not twice when it is swap already', async () => {
  const disks = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('sda3', `${SATA}/sda/sda3`, '8:3'),
    ...udev('8:3', {}, ['disk/by-uuid/77aa']),
  };
  const held = ['sda 0000:00:1f.2: swap /dev/sda3 < for hibernation < sda3'];
  assert.deepEqual(await holdsOf({ ...disks, '/sys/power/resume': '8:3\n' }), held);
  const words = { '/sys/power/resume': '0:0\n', '/proc/cmdline': 'root=/dev/vda1 resume=UUID=77aa quiet\n' };
  assert.deepEqual(await holdsOf({ ...disks, ...words }), held);
  assert.deepEqual(await holdsOf({ ...disks, ...words, ...swapping('/dev/sda3 partition 1 0 -2') }), [
    'sda 0000:00:1f.2: swap /dev/sda3 < sda3',
  ]);
  assert.equal((await storageOf({ ...disks, ...words })).storage[0]?.swap, false);
});

test('every file that names a device and cannot be read is a gap', async () => {
  const disks = { ...block('sda', `${SATA}/sda`, '8:0'), '/proc/cmdline': 'crashkernel=256M\n' };
  for (const path of [
    '/etc/fstab',
    '/etc/kdump.conf',
    '/sys/power/resume',
    '/sys/fs/btrfs',
    '/sys/fs/bcache',
    '/proc/spl/kstat/zfs',
    '/proc/1/mountinfo',
    '/sys/devices/virtual/block/dm-0/slaves',
  ]) {
    const more = path.includes('dm-0') ? mapper('dm-0', '253:0', 'x', 'LVM-x', []) : {};
    const { storage, gaps } = await storageOf({ ...disks, ...more, [path]: '!input/output error' });
    assert.deepEqual(
      storage.map((s) => s.name),
      ['sda'],
    );
    assert.deepEqual(
      gaps.map((g) => [g.fact, g.why]),
      [['storage.holds', 'input/output error']],
      path,
    );
  }
  for (const path of ['/sys/class/block', '/proc/self/mountinfo', '/proc/swaps']) {
    const { storage, gaps } = await collect(constructedHost({ [path]: '!input/output error' }), ['storage']);
    assert.equal(storage, undefined);
    assert.deepEqual(
      gaps.map((g) => g.fact),
      ['storage'],
      path,
    );
  }
});

const VIRTIO = (slot: string, name: string, type: string, more: Files = {}): Files => ({
  [`/sys/bus/virtio/devices/${name}`]: `->../../../devices/pci0000:00/0000:00:${slot}.0/${name}`,
  [`/sys/devices/pci0000:00/0000:00:${slot}.0/${name}/device`]: `${type}\n`,
  [`/sys/devices/pci0000:00/0000:00:${slot}.0/${name}/driver/uevent`]: '',
  ...Object.fromEntries(
    Object.entries(more).map(([file, text]) => [
      `/sys/devices/pci0000:00/0000:00:${slot}.0/${name}/${file}`,
      text,
    ]),
  ),
});

test('directories of the machine around this one, by their tags', async () => {
  const told = (number: string, tag: string, device: string): Files => ({
    [`/sys/fs/virtiofs/${number}/tag`]: `${tag}\n`,
    [`/sys/fs/virtiofs/${number}/device`]: `->../../../devices/pci0000:00/0000:00:07.0/${device}`,
  });
  const files = {
    ...VIRTIO('04', 'virtio0', '0x0009', { mount_tag: 'share\0' }),
    ...VIRTIO('05', 'virtio1', '0x0009', { mount_tag: 'other\0' }),
    ...VIRTIO('06', 'virtio2', '0x0001'),
    ...VIRTIO('07', 'virtio3', '0x001a'),
    ...VIRTIO('08', 'virtio4', '0x001a'),
    ...mounted(
      '0:40 /share 9p share rw,trans=virtio',
      '0:41 /home virtiofs homes',
      '0:42 /srv virtiofs data',
      '0:43 /remote 9p 192.0.2.1 rw,trans=tcp',
    ),
  };
  assert.deepEqual(
    await holdsOf({ ...files, ...told('0', 'homes', 'virtio3'), ...told('1', 'data', 'virtio4') }),
    [
      'virtio0 0000:00:04.0: mount /share',
      'virtio1 0000:00:05.0',
      'virtio3 0000:00:07.0: mount /home',
      'virtio4 0000:00:08.0: mount /srv',
    ],
  );
  assert.deepEqual(
    (await holdsOf(files)).slice(2),
    ['virtio3 0000:00:07.0', 'virtio4 0000:00:08.0'].flatMap((one) => [
      `${one}: mount /home`,
      `${one}: mount /srv`,
    ]),
    'before Linux 6.9 nobody tells whose tag is whose',
  );
});

test('a shared directory whose driver has let go holds nothing', async () => {
  const files = Object.fromEntries(
    Object.entries(VIRTIO('04', 'virtio0', '0x001a')).filter(([path]) => !path.includes('/driver/')),
  );
  assert.deepEqual(await holdsOf({ ...files, ...mounted('0:41 /home virtiofs homes') }), [
    'virtio0 0000:00:04.0',
  ]);
});

test('a disk that a process has open by itself, and one that nobody has', async () => {
  const process = (pid: number, command: string, ...open: readonly string[]): Files => ({
    [`/proc/${pid}/comm`]: `${command}\n`,
    ...Object.fromEntries(open.map((path, fd) => [`/proc/${pid}/fd/${fd + 3}`, `->${path}`])),
  });
  const files = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('sdb', `${SATA.replace('ata1', 'ata2')}/sdb`, '8:16'),
    ...block('sdb1', `${SATA.replace('ata1', 'ata2')}/sdb/sdb1`, '8:17'),
    ...mapper('dm-0', '253:0', 'ceph-osd', 'LVM-abc', ['sdb1']),
    ...process(1, 'systemd', '/dev/null'),
    ...process(812, 'qemu-system-x86', '/dev/dm-0', '/dev/kvm'),
  };
  assert.deepEqual(await holdsOf(files), [
    'sda 0000:00:1f.2',
    'sdb 0000:00:1f.2: open qemu-system-x86 (pid 812) < ceph-osd (LVM) < sdb1',
  ]);
  const { gaps } = await storageOf({ ...files, '/proc/812/fd': '!permission denied' }, false);
  assert.deepEqual(gaps.map((g) => [g.fact, g.subject, g.why]).at(-1), [
    'storage.holds',
    null,
    'permission denied',
  ]);
});

test('what the host unlocks at boot, and has not opened now', async () => {
  const files = {
    ...block('sda', `${SATA}/sda`, '8:0'),
    ...block('sda1', `${SATA}/sda/sda1`, '8:1'),
    ...block('sda2', `${SATA}/sda/sda2`, '8:2'),
    ...mapper('dm-0', '253:0', 'root', CRYPT, ['sda1']),
    ...udev('8:1', {}, ['disk/by-uuid/1-1']),
    ...udev('8:2', {}, ['disk/by-uuid/2-2']),
    ...mounted('253:0 / ext4 /dev/mapper/root'),
    '/etc/crypttab': '# name device key\nroot UUID=1-1 none luks\nbackup UUID=2-2 /etc/key noauto\n\n',
  };
  assert.deepEqual(await holdsOf(files), [
    'sda 0000:00:1f.2: mount / < root (dm-crypt) < sda1',
    'sda 0000:00:1f.2: volume backup < not open now (/etc/crypttab) < sda2',
  ]);
});
