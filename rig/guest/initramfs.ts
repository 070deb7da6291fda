import { basename, join } from 'node:path';
import { type Entry, fileEntry, folderEntries } from '../image/cpio.ts';
import { programEntries } from '../image/libraries.ts';
import { modulesInOrder } from '../image/modules.ts';
import { sineWave } from '../wav.ts';

/** Module sets of guest/init.sh, in the order in which it loads them. */
const moduleSets = {
  button: ['button', 'evdev'],
  agent: ['virtio_pci', 'virtio_console'],
  sound: ['snd-hda-codec-generic', 'snd-hda-intel'],
  network: ['e1000'],
} as const;

/** Programs of busybox that the guest's init uses or that vfioctl may run through the agent. */
const busyboxNames: readonly string[] =
  'awk basename cat cp cut date dd dirname dmesg echo env false find grep head hexdump hostname id insmod ip kill ln ls lsmod mkdir mount mv poweroff ps pwd readlink realpath reboot rm rmmod sed sh sleep sort stat switch_root sync tail test timeout touch tr true uevent umount uname wc which'.split(
    ' ',
  );

export function busyboxEntries(tree: string): Entry[] {
  return [
    fileEntry('bin/busybox', join(tree, 'bin/busybox'), true),
    ...busyboxNames.map((name): Entry => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
    ...['sbin', 'usr/bin', 'usr/sbin'].map(
      (path): Entry => ({ kind: 'link', path, target: path.startsWith('usr') ? '../bin' : 'bin' }),
    ),
    ...['dev', 'proc', 'sys', 'etc'].map((path): Entry => ({ kind: 'folder', path })),
  ];
}

/** All that a guest has: it runs from memory, so one archive is its whole disk. */
export async function guestEntries(tree: string, kernel: string): Promise<Entry[]> {
  const entries = busyboxEntries(tree);
  const here = (name: string): string => join(import.meta.dirname, name);
  entries.push(
    fileEntry('init', here('init.sh'), true),
    fileEntry('bin/card-arrived', here('card-arrived.sh'), true),
    fileEntry('bin/shutdown', here('shutdown.sh'), true),
    fileEntry('usr/share/misc/pci.ids', join(tree, 'usr/share/misc/pci.ids')),
    ...folderEntries('usr/share/alsa', join(tree, 'usr/share/alsa')),
    {
      kind: 'file',
      path: 'tone.wav',
      content: sineWave({ frequency: 440, seconds: 2, amplitude: 0.5 }),
      executable: false,
    },
  );
  const order: string[] = [];
  const loaded = new Set<string>();
  for (const [set, names] of Object.entries(moduleSets)) {
    for (const module of modulesInOrder(tree, kernel, names)) {
      if (loaded.has(module.name)) continue;
      loaded.add(module.name);
      order.push(`${set} ${basename(module.file)}`);
      entries.push(fileEntry(`mod/${basename(module.file)}`, module.file));
    }
  }
  entries.push({
    kind: 'file',
    path: 'mod/order',
    content: Buffer.from(`${order.join('\n')}\n`),
    executable: false,
  });
  for (const program of ['/usr/bin/aplay', '/usr/bin/amixer', '/usr/bin/lspci', '/usr/sbin/qemu-ga']) {
    // The merged layout of the archive: /usr/bin and /usr/sbin are links to /bin there.
    for (const entry of await programEntries(tree, program)) {
      entries.push({ ...entry, path: entry.path.replace(/^usr\/s?bin\//, 'bin/') } as Entry);
    }
  }
  return entries;
}
