import { basename, join } from 'node:path';
import { busyboxEntries } from '../guest/initramfs.ts';
import { type Entry, fileEntry } from './cpio.ts';
import { modulesInOrder } from './modules.ts';

/** What the machine needs before it has its disk; the share's driver too, since the disk's modules load slower. */
const modules = ['virtio_pci', 'virtio_blk', 'ext4', 'crc32c_generic', '9pnet_virtio', '9p'];

export function machineEntries(tree: string, kernel: string): Entry[] {
  const order = modulesInOrder(tree, kernel, modules);
  return [
    ...busyboxEntries(tree),
    fileEntry('init', join(import.meta.dirname, '../l1/stage1.sh'), true),
    ...order.map((module) => fileEntry(`mod/${basename(module.file)}`, module.file)),
    {
      kind: 'file',
      path: 'mod/order',
      content: Buffer.from(order.map((module) => `${basename(module.file)}\n`).join('')),
      executable: false,
    },
  ];
}
