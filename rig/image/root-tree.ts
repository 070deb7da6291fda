import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deadlineIn, run, runOk } from '../process.ts';
import { formatStanzas, machineSources } from './apt-sources.ts';
import { publish } from './cache.ts';

/** What the machine is made of, besides the essential set of Debian. No systemd as init: it costs 17 s a boot under TCG. */
const packages: readonly string[] = [
  'alsa-utils',
  'busybox-static',
  'dbus',
  'hwdata',
  'iproute2',
  'kmod',
  'less',
  'libvirt-clients',
  'libvirt-daemon-driver-qemu',
  'libvirt-daemon-system',
  'linux-image-amd64',
  'pciutils',
  'procps',
  'qemu-guest-agent',
  'qemu-system-x86',
  'strace',
  'udev',
];

/** Never unpacked: what neither the machine nor a guest of it can use. Kernel modules are half of an untrimmed tree. */
const leftOut: readonly string[] = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/locale/*',
  '/usr/share/sounds/*',
  // Making Debian's initramfs takes half a minute; the rig boots its own.
  '/etc/kernel/postinst.d/*',
  '/boot/System.map-*',
  ...[
    'bluetooth',
    'gpu',
    'hid',
    'hwmon',
    'iio',
    'infiniband',
    'input/touchscreen',
    'isdn',
    'md',
    'media',
    'mmc',
    'mtd',
  ]
    .concat([
      'net/can',
      'net/dsa',
      'net/usb',
      'net/wan',
      'net/wireless',
      'nfc',
      'staging',
      'target',
      'thunderbolt',
      'usb',
    ])
    .map((folder) => `*/lib/modules/*/kernel/drivers/${folder}/*`),
  ...[
    'amd',
    'broadcom',
    'cavium',
    'chelsio',
    'cisco',
    'emulex',
    'mellanox',
    'netronome',
    'pensando',
    'qlogic',
    'sfc',
  ].map((vendor) => `*/lib/modules/*/kernel/drivers/net/ethernet/${vendor}/*`),
  ...['btrfs', 'ceph', 'cifs', 'gfs2', 'jfs', 'nfs', 'nfsd', 'ntfs3', 'ocfs2', 'smb', 'ubifs', 'xfs'].map(
    (system) => `*/lib/modules/*/kernel/fs/${system}/*`,
  ),
  ...['batman-adv', 'bluetooth', 'ceph', 'mac80211', 'netfilter', 'sctp', 'tipc', 'wireless'].map(
    (part) => `*/lib/modules/*/kernel/net/${part}/*`,
  ),
  '*/lib/modules/*/kernel/sound/soc/*',
  '*/lib/modules/*/kernel/drivers/scsi/*/*',
];

/** The rig follows this machine's Debian: same suite, same mirror, and the kernel that it names now. */
export type Distribution = { readonly codename: string; readonly kernel: string; readonly sources: string };

export async function distributionOfMachine(say: (line: string) => void): Promise<Distribution> {
  const release = readFileSync('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME="?([a-z]+)/m.exec(release)?.[1];
  if (codename === undefined || !/^ID="?debian/m.test(release)) {
    throw new Error(
      'the rig builds its machine from Debian packages and runs on Debian only (/etc/os-release says otherwise)',
    );
  }
  const kernel = (await kernelKnownToApt()) ?? (await kernelAfterUpdate(say));
  return { codename, kernel, sources: formatStanzas(machineSources(codename)) };
}

async function kernelKnownToApt(): Promise<string | null> {
  const listing = await run(['apt-cache', 'depends', 'linux-image-amd64'], { deadline: deadlineIn(60) });
  return /Depends: linux-image-(\S+)/.exec(listing.stdout.toString())?.[1] ?? null;
}

async function kernelAfterUpdate(say: (line: string) => void): Promise<string> {
  say('apt knows no linux-image-amd64 yet: running apt-get update');
  await runOk(['apt-get', 'update', '-q'], { deadline: deadlineIn(300) });
  const kernel = await kernelKnownToApt();
  if (kernel === null) throw new Error('apt knows no linux-image-amd64, even after apt-get update');
  return kernel;
}

/** Everything that decides what the tree holds, for the cache's key. */
export function rootTreeIngredients(distribution: Distribution): string {
  return JSON.stringify({ packages, leftOut, codename: distribution.codename, kernel: distribution.kernel });
}

/** Makes the tree at `folder` by mmdebstrap (70-90 s); what is half made never carries the final name. */
export async function buildRootTree(folder: string, distribution: Distribution): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error("building the rig's image needs root (mmdebstrap makes a tree owned by root)");
  const draft = `${folder}.draft-${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const sources = `${draft}.sources`;
  writeFileSync(sources, distribution.sources);
  await runOk(
    [
      'mmdebstrap',
      '--variant=minbase',
      '--mode=root',
      '--quiet',
      `--include=${packages.join(',')}`,
      ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
      distribution.codename,
      draft,
      sources,
    ],
    { deadline: deadlineIn(900) },
  );
  const kernels = readdirSync(join(draft, 'lib/modules'));
  if (!kernels.includes(distribution.kernel)) {
    throw new Error(
      `apt here names kernel ${distribution.kernel}, the mirror gave ${kernels.join(', ')}: run apt-get update`,
    );
  }
  for (const spare of ['var/lib/apt/lists', 'var/cache/apt', 'var/cache/debconf']) {
    rmSync(join(draft, spare), { recursive: true, force: true });
  }
  rmSync(sources);
  publish(draft, folder);
}
