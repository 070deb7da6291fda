import { Tree, type TreeEntry } from '../tree.ts';
import type { Board } from './board.ts';

/** Where Fedora keeps its boot loader entries; one per kernel. */
export function bootEntryPath(board: Board): string {
  return `/boot/loader/entries/5d1f1e7a2c3b4d5e8f90a1b2c3d4e5f6-${board.kernel.release}.conf`;
}

/** The files of a freshly installed system: what facts look at, and what stays over a reboot. */
export function installedFiles(board: Board): Record<string, TreeEntry> {
  const { id, name, pretty, version } = board.distribution;
  const files: Record<string, string> = {
    '/etc/os-release': `NAME="${name}"\nVERSION_ID="${version}"\nID=${id}\nPRETTY_NAME="${pretty}"\n`,
    '/etc/hostname': `${board.hostName}\n`,
    '/etc/fstab': '',
    [`/boot/config-${board.kernel.release}`]: configText(board),
    [`/boot/vmlinuz-${board.kernel.release}`]: '',
    [`/lib/modules/${board.kernel.release}/modules.builtin`]: '',
    [`/lib/modules/${board.kernel.release}/modules.dep`]: moduleDependencies(),
    '/usr/share/hwdata/pci.ids': pciIds(board),
    '/usr/share/misc/pci.ids': pciIds(board),
  };
  if (board.bootLoaderEntries) {
    // grub2-mkconfig finds the root file system by itself.
    const defaults = board.kernel.arguments
      .split(' ')
      .filter((w) => w !== 'ro' && !w.startsWith('root='))
      .join(' ');
    files[bootEntryPath(board)] = bootEntryText(board);
    files['/etc/default/grub'] =
      `GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="${defaults}"\nGRUB_ENABLE_BLSCFG=true\n`;
  }
  // Built by changes, not loaded: so every directory is whole, and what is not there is absent.
  const tree = new Tree();
  for (const path of ['/', '/etc/modprobe.d', '/root', '/run', '/var/lib', '/usr/lib/modprobe.d'])
    tree.setDirectory(path);
  for (const [path, text] of Object.entries(files)) tree.setFile(path, text);
  return tree.toRecord();
}

function configText(board: Board): string {
  return Object.entries(board.kernel.config)
    .map(([option, value]) =>
      value === 'n' ? `# CONFIG_${option} is not set\n` : `CONFIG_${option}=${value}\n`,
    )
    .join('');
}

function moduleDependencies(): string {
  const at = 'kernel/drivers/vfio';
  return [
    `${at}/pci/vfio-pci.ko.xz: ${at}/pci/vfio-pci-core.ko.xz ${at}/vfio_iommu_type1.ko.xz ${at}/vfio.ko.xz`,
    `${at}/pci/vfio-pci-core.ko.xz: ${at}/vfio.ko.xz`,
    `${at}/vfio_iommu_type1.ko.xz: ${at}/vfio.ko.xz`,
    `${at}/vfio.ko.xz:`,
    '',
  ].join('\n');
}

function bootEntryText(board: Board): string {
  const { release, arguments: words } = board.kernel;
  return [
    `title ${board.distribution.pretty} (${release})`,
    `version ${release}`,
    `linux /vmlinuz-${release}`,
    `initrd /initramfs-${release}.img`,
    `options ${words}`,
    'grub_users $grub_users',
    'grub_arg --unrestricted',
    `grub_class ${board.distribution.id}`,
    '',
  ].join('\n');
}

/** The board's own lines of pci.ids, in its format: vendors at the margin, devices under a tab. */
function pciIds(board: Board): string {
  return Object.entries(board.vendors)
    .map(([vendor, name]) => {
      const devices = new Map(
        board.functions.filter((f) => f.vendor === vendor).map((f) => [f.device, f.name]),
      );
      return `${vendor}  ${name}\n${[...devices]
        .sort()
        .map(([id, text]) => `\t${id}  ${text}\n`)
        .join('')}`;
    })
    .join('');
}
