import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';
import { block, mapper, mounted, NVME, SATA, swapping, udev, volume } from './storage-hosts.ts';

/** What lies on a disk without a link in sysfs that says so; all constructed. */

type Files = Parameters<typeof constructedHost>[0];

async function holdsOf(files: Files) {
  const { storage = [], gaps } = await collect(constructedHost(files), ['storage']);
  return {
    holds: storage.flatMap(({ name, holds = [] }) =>
      holds.map((h) => `${name}: ${[`${h.kind} ${h.name}`, ...h.through.toReversed()].join(' < ')}`),
    ),
    gaps: gaps.map((g) => [g.fact, g.why]),
  };
}

const USB = 'pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block';
const DISKS = {
  ...block('sda', `${SATA}/sda`, '8:0'),
  ...block('sda1', `${SATA}/sda/sda1`, '8:1'),
  ...block('sdb', `${USB}/sdb`, '8:16'),
  ...block('sdb1', `${USB}/sdb/sdb1`, '8:17'),
};

test('the root of a live system: an overlay on an image on a stick', async () => {
  const { holds, gaps } = await holdsOf({
    ...DISKS,
    ...volume('loop0', '7:0', [], { 'loop/backing_file': '/run/live/medium/live/filesystem.squashfs\n' }),
    ...mounted(
      '0:30 / overlay overlay rw,lowerdir=/run/live/rootfs/filesystem.squashfs/,upperdir=/run/live/overlay/rw,workdir=/run/live/overlay/work',
      '0:25 /run tmpfs tmpfs',
      '8:17 /run/live/medium iso9660 /dev/sdb1',
      '7:0 /run/live/rootfs/filesystem.squashfs squashfs /dev/loop0',
      '0:31 /run/live/overlay tmpfs tmpfs',
    ),
  });
  const image = 'loop0 (/run/live/medium/live/filesystem.squashfs) < sdb1';
  assert.deepEqual(holds, [
    `sdb: mount / < ${image}`,
    'sdb: mount /run/live/medium < sdb1',
    `sdb: mount /run/live/rootfs/filesystem.squashfs < ${image}`,
  ]);
  assert.deepEqual(gaps, []);
});

test('the root of a stateless host: layers told one by one, and a second overlay above', async () => {
  const { holds, gaps } = await holdsOf({
    ...DISKS,
    ...mounted(
      '0:30 / overlay composefs ro,lowerdir+=/run/cfs,datadir+=/sysroot/ostree/repo/objects,redirect_dir=on',
      '0:25 /run tmpfs tmpfs',
      '8:1 /sysroot xfs /dev/sda1',
      '0:40 /etc overlay overlay rw,lowerdir=/etc,upperdir=/sysroot/etc/upper,workdir=/sysroot/work',
    ),
  });
  assert.deepEqual(holds, ['sda: mount / < sda1', 'sda: mount /sysroot < sda1']);
  assert.deepEqual(gaps, []);
});

test('the overlay of a container goes with the file system around it, and one elsewhere does not', async () => {
  const layers =
    'lowerdir=/var/lib/docker/l/A:l/B,upperdir=/var/lib/docker/x/diff,workdir=/var/lib/docker/x/work';
  const { holds } = await holdsOf({
    ...DISKS,
    ...mounted(
      '8:1 / ext4 /dev/sda1',
      '8:17 /var/lib/docker ext4 /dev/sdb1',
      `0:50 /var/lib/docker/x/merged overlay overlay rw,${layers}`,
      `0:51 /srv/www overlay overlay rw,${layers}`,
      '8:16 /media/a:b vfat /dev/sdb',
      '0:52 /mnt overlay overlay ro,lowerdir=/media/a\\134:b:/usr',
    ),
  });
  assert.deepEqual(holds, [
    'sda: mount / < sda1',
    'sda: mount /mnt < sda1',
    'sdb: mount /media/a:b',
    'sdb: mount /mnt',
    'sdb: mount /srv/www < sdb1',
    'sdb: mount /var/lib/docker < sdb1',
  ]);
});

test('a root overlay of which no layer can be seen any more is a gap: any disk may carry it', async () => {
  const { gaps } = await holdsOf({
    ...DISKS,
    ...mounted('0:30 / overlay overlay rw,lowerdir=/squash,upperdir=/up,workdir=/work'),
  });
  assert.deepEqual(gaps, [['storage.holds', 'the disks of overlay on / are not known']]);
});

test('an image on a btrfs of two disks lies on both', async () => {
  const fs = '/sys/fs/btrfs/1b4e28ba-2fa1-11d2-883f-0016d3cca427/devices';
  const { holds } = await holdsOf({
    ...DISKS,
    [`${fs}/sda1`]: '->x',
    [`${fs}/sdb1`]: '->x',
    ...volume('loop3', '7:3', [], { 'loop/backing_file': '/srv/snaps/core.snap\n' }),
    ...mounted('0:31 /srv btrfs /dev/sda1', '7:3 /snap/core squashfs /dev/loop3'),
  });
  const loop = 'mount /snap/core < loop3 (/srv/snaps/core.snap)';
  assert.deepEqual(holds, [
    `sda: ${loop} < sda1`,
    'sda: mount /srv < sda1',
    `sdb: ${loop} < sdb1`,
    'sdb: mount /srv < sdb1',
  ]);
});

test('what the kernel itself uses: the journal of an ext4, and what is served to other machines', async () => {
  const core = '/sys/kernel/config/target/core';
  const nvmet = '/sys/kernel/config/nvmet/subsystems/nqn.2026-11.test';
  const { holds, gaps } = await holdsOf({
    ...DISKS,
    ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
    ...mapper('dm-3', '253:3', 'vg0-lun', 'LVM-abc', ['sda1']),
    ...udev('253:3', {}, ['vg0/lun']),
    '/proc/fs/jbd2/sda1-8/info': 'x\n',
    '/proc/fs/jbd2/sdb1/info': 'x\n',
    [`${core}/alua/lu_gps/x`]: '',
    [`${core}/iblock_0/hba_info`]: 'HBA Index: 1\n',
    [`${core}/iblock_0/disk1/udev_path`]: '/dev/vg0/lun\n',
    [`${core}/fileio_1/image/udev_path`]: '/srv/image.raw\n',
    [`${nvmet}/attr_model`]: 'Linux\n',
    [`${nvmet}/namespaces/1/device_path`]: '/dev/nvme0n1\n',
  });
  assert.deepEqual(holds, [
    'nvme0n1: open nvmet (nqn.2026-11.test)',
    'sda: open LIO (iblock_0/disk1) < vg0-lun (LVM) < sda1',
    'sdb: open ext4 (journal) < sdb1',
  ]);
  assert.deepEqual(gaps, []);
});

test('a device of a driver that does not say of what it is made, and swap on none that is known, are gaps', async () => {
  const made = (name: string, dev: string) => volume(name, dev, []);
  const { gaps } = await holdsOf({
    ...DISKS,
    ...made('fioa', '252:0'),
    ...made('emcpowera', '120:0'),
    ...made('zd16', '230:16'),
    ...made('zram0', '253:0'),
    ...made('idle0', '121:0'),
    ...mounted('252:0 /data xfs /dev/fioa', '120:0 /san xfs /dev/emcpowera', '230:16 /vol ext4 /dev/zd16'),
    ...swapping('/dev/zram0 partition 1 0 100', '/old/dev/sdz partition 1 0 -2'),
  });
  assert.deepEqual(gaps, [
    ['storage.below', 'what fioa stands on is not known'],
    ['storage.below', 'what emcpowera stands on is not known'],
    ['storage.below', 'what zd16 stands on is not known'],
    ['storage.holds', 'which device is /old/dev/sdz is not known'],
  ]);
});
