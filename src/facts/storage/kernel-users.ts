import type { BlockDevices } from '../block.ts';
import type { Look } from '../look.ts';
import type { Hold } from './hold.ts';

const JOURNALS = '/proc/fs/jbd2';
const LIO = '/sys/kernel/config/target/core';
const NVMET = '/sys/kernel/config/nvmet/subsystems';

/**
 * Devices that the kernel uses by itself, and that nothing in sysfs is linked to: the journal of an ext4 that lies
 * elsewhere, and what is served to other machines or guests (iSCSI, Fibre Channel, vhost-scsi, NVMe over a network).
 */
export function kernelUserHolds(look: Look, blocks: BlockDevices): Hold[] {
  const hold = (user: string, path: string): Hold[] => {
    const device = blocks.byPath.get(path);
    return device ? [{ kind: 'open', name: user, on: [device.name], remark: null, now: true }] : [];
  };
  const list = (path: string) => look.list('storage.holds', path) ?? [];
  // `sdb1` is a journal on a device of its own, `sdb1-8` one in inode 8 of its file system (fs/jbd2/journal.c).
  const journals = list(JOURNALS).flatMap((name) =>
    blocks.all.has(name) ? hold('ext4 (journal)', `/dev/${name.replaceAll('!', '/')}`) : [],
  );
  const backstores = list(LIO)
    .filter((name) => /_\d+$/.test(name))
    .flatMap((hba) => list(`${LIO}/${hba}`).map((name) => `${hba}/${name}`))
    .filter((name) => !/\/hba_(info|mode)$/.test(name));
  const served = backstores.flatMap((name) => {
    const path = look.text('storage.holds', `${LIO}/${name}/udev_path`);
    return path ? hold(`LIO (${name})`, path) : [];
  });
  const spaces = list(NVMET).flatMap((name) =>
    list(`${NVMET}/${name}/namespaces`).flatMap((space) => {
      const path = look.text('storage.holds', `${NVMET}/${name}/namespaces/${space}/device_path`);
      return path ? hold(`nvmet (${name})`, path) : [];
    }),
  );
  return [...journals, ...served, ...spaces];
}
