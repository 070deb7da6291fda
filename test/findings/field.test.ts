import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findingsOf } from '../../src/findings/index.ts';
import { refusalsOf } from '../../src/findings/refusal.ts';
import { verdictOf } from '../../src/findings/verdict.ts';
import { fourRoutes, networkInterface } from '../facts/networks.ts';
import { block, mounted, swapping, udev, volume } from '../facts/storage-hosts.ts';
import { type FieldFunction, type Files, fieldModel } from './field-hosts.ts';

/**
 * Ways in which people have lost a host, from files to refusals. All constructed, after reports of such machines; each
 * with what is to be lent as harmlessly beside it.
 */

interface Attempt {
  readonly lend: readonly string[];
  /** `rule: words`, with `-` where no words lend it; none: it is let go. */
  readonly refused: readonly string[];
  /** What one of the refusals must name. */
  readonly names?: string;
  readonly verdict?: string;
}

interface Scene {
  readonly name: string;
  readonly functions: readonly FieldFunction[];
  readonly files: Files;
  readonly attempts: readonly Attempt[];
}

const ROOT = 'pci0000:00';
const disk = (name: string, at: string, dev: string) => block(name, `${at}/${name}`, dev) as Files;
const nvme = (at: string, number: number) =>
  disk(`nvme${number}n1`, `${at}/nvme/nvme${number}`, `259:${number}`);
const files = (...all: object[]): Files => Object.assign({}, ...all);
const routes = (...all: string[]) => ({ '/proc/net/route': fourRoutes(...all) });
const drm = (card: number, at: string): Files => ({
  [`/sys/class/drm/card${card}`]: `->../../devices/${at}/drm/card${card}`,
});
const opens = (pid: number, command: string, ...paths: string[]): Files => ({
  [`/proc/${pid}/comm`]: `${command}\n`,
  ...Object.fromEntries(paths.map((path, fd) => [`/proc/${pid}/fd/${fd + 3}`, `->${path}`])),
});

const GPU = `${ROOT}/0000:00:01.0/0000:01:00.0`;
const AUDIO = `${ROOT}/0000:00:01.0/0000:01:00.1`;
const DISK = `${ROOT}/0000:00:01.1/0000:02:00.0`;
const NIC = `${ROOT}/0000:00:1c.0/0000:03:00.0`;
const SCREEN = { at: `${ROOT}/0000:00:02.0`, class: '030000', driver: 'i915', group: 0, bootVga: true };
const CARD: FieldFunction[] = [
  { at: GPU, class: '030000', id: '10de:1ff2', driver: 'nvidia', group: 1 },
  { at: AUDIO, class: '040300', id: '10de:10fa', driver: 'snd_hda_intel', group: 1 },
];

const SCENES: readonly Scene[] = [
  {
    name: 'the boot disk shares the group of a graphics card',
    functions: [SCREEN, ...CARD, { at: DISK, class: '010802', driver: 'nvme', group: 1 }],
    files: files(nvme(DISK, 0), mounted('259:0 / ext4 /dev/nvme0n1')),
    attempts: [
      {
        lend: ['0000:01:00.0', '0000:01:00.1'],
        refused: ['group-mates: -', 'group-mates: -'],
        names: '02:00.0',
      },
      {
        lend: ['0000:01:00.0', '0000:01:00.1', '0000:02:00.0'],
        refused: ['storage-in-use: -'],
        names: 'nvme0n1 holds /',
        verdict: 'needs mates: 01:00.1 (audio), 02:00.0 (NVMe)',
      },
    ],
  },
  {
    name: 'the management port is a mate of the port that is wanted',
    functions: [
      { at: NIC, class: '020000', driver: 'tg3', group: 75 },
      { at: NIC.replace(/0$/, '1'), class: '020000', driver: 'tg3', group: 75 },
    ],
    files: files(
      networkInterface('eno1', NIC),
      networkInterface('eno2', NIC.replace(/0$/, '1'), { up: false }),
      routes('eno1 0.0.0.0/0 via 10.0.0.254'),
    ),
    attempts: [
      { lend: ['0000:03:00.1'], refused: ['group-mates: -'], names: 'eno1 is up, carries the default route' },
      {
        lend: ['0000:03:00.0', '0000:03:00.1'],
        refused: ['network-in-use: lose eno1'],
        names: 'carries the default route',
      },
    ],
  },
  {
    name: 'the second port of a bond below a VLAN on a bridge, and a spare one',
    functions: [
      { at: NIC, class: '020000', driver: 'ixgbe', group: 7 },
      { at: `${ROOT}/0000:00:1c.1/0000:04:00.0`, class: '020000', driver: 'ixgbe', group: 8 },
      { at: `${ROOT}/0000:00:1c.2/0000:05:00.0`, class: '028000', driver: 'iwlwifi', group: 9 },
    ],
    files: files(
      networkInterface('eth0', NIC, { uppers: ['bond0'], carrier: false }),
      networkInterface('bond0', 'virtual', { uppers: ['br0'] }),
      networkInterface('br0', 'virtual', { uppers: ['br0.5'] }),
      networkInterface('br0.5', 'virtual'),
      networkInterface('eth1', `${ROOT}/0000:00:1c.1/0000:04:00.0`, { carrier: false }),
      networkInterface('wlan0', `${ROOT}/0000:00:1c.2/0000:05:00.0`),
      routes('br0.5 0.0.0.0/0 via 10.0.0.254'),
    ),
    attempts: [
      { lend: ['0000:03:00.0'], refused: ['network-in-use: lose eth0'], names: 'is below bond0, br0, br0.5' },
      { lend: ['0000:04:00.0'], refused: [], verdict: 'free' },
      { lend: ['0000:05:00.0'], refused: ['network-in-use: lose wlan0'] },
    ],
  },
  {
    name: 'a Proxmox host: ZFS over two disks behind a switch and behind VMD',
    functions: [
      { at: `${ROOT}/0000:00:0e.0`, class: '010400', driver: 'vmd', group: 4 },
      {
        at: `${ROOT}/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0`,
        class: '010802',
        driver: 'nvme',
        group: 4,
      },
      {
        at: `${ROOT}/0000:00:1d.0/0000:06:00.0/0000:07:01.0/0000:08:00.0`,
        class: '010802',
        driver: 'nvme',
        group: 5,
      },
      { at: `${ROOT}/0000:00:1d.4/0000:09:00.0`, class: '010802', driver: 'nvme', group: 6 },
    ],
    files: files(
      nvme(`${ROOT}/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0`, 0),
      nvme(`${ROOT}/0000:00:1d.0/0000:06:00.0/0000:07:01.0/0000:08:00.0`, 1),
      nvme(`${ROOT}/0000:00:1d.4/0000:09:00.0`, 2),
      udev('259:0', { ID_FS_TYPE: 'zfs_member', ID_FS_LABEL: 'rpool' }),
      udev('259:1', { ID_FS_TYPE: 'zfs_member', ID_FS_LABEL: 'rpool' }),
      udev('259:2', { ID_FS_TYPE: 'zfs_member', ID_FS_LABEL: 'guestpool' }),
      { '/proc/spl/kstat/zfs/rpool/state': 'ONLINE\n' },
      mounted('0:27 / zfs rpool/ROOT/pve-1'),
    ),
    attempts: [
      { lend: ['0000:08:00.0'], refused: ['storage-in-use: -'], names: 'nvme1n1 holds /' },
      { lend: ['0000:00:0e.0', '10000:e1:00.0'], refused: ['storage-in-use: -', 'storage-in-use: -'] },
      { lend: ['0000:09:00.0'], refused: [], verdict: 'free' },
    ],
  },
  {
    name: 'both legs of one md RAID',
    functions: [
      { at: `${ROOT}/0000:00:17.0`, class: '010601', driver: 'ahci', group: 2 },
      { at: DISK, class: '010601', driver: 'ahci', group: 3 },
    ],
    files: files(
      disk('sda', `${ROOT}/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block`, '8:0'),
      disk('sdb', `${DISK}/ata7/host6/target6:0:0/6:0:0:0/block`, '8:16'),
      volume('md0', '9:0', ['sda', 'sdb']),
      mounted('9:0 /srv xfs /dev/md0'),
    ),
    attempts: [
      {
        lend: ['0000:00:17.0', '0000:02:00.0'],
        refused: ['storage-in-use: lose /srv', 'storage-in-use: lose /srv'],
        names: 'sdb holds /srv',
      },
    ],
  },
  {
    name: 'a live system on a stick, and a second controller',
    functions: [
      { at: `${ROOT}/0000:00:14.0`, class: '0c0330', driver: 'xhci_hcd', group: 2 },
      { at: DISK, class: '0c0330', driver: 'xhci_hcd', group: 3 },
    ],
    files: files(
      disk('sdc', `${DISK}/usb3/3-1/3-1:1.0/host6/target6:0:0/6:0:0:0/block`, '8:32'),
      volume('loop0', '7:0', [], { 'loop/backing_file': '/run/medium/live.squashfs\n' }),
      mounted(
        '0:30 / overlay overlay rw,lowerdir=/run/rootfs,upperdir=/run/rw/up,workdir=/run/rw/work',
        '0:25 /run tmpfs tmpfs',
        '8:32 /run/medium iso9660 /dev/sdc',
        '7:0 /run/rootfs squashfs /dev/loop0',
      ),
    ),
    attempts: [
      { lend: ['0000:02:00.0'], refused: ['storage-in-use: -'], names: 'sdc holds /,' },
      { lend: ['0000:00:14.0'], refused: [], verdict: 'free' },
    ],
  },
  {
    name: 'swap on a card in an SD reader, and a zram that is only memory',
    functions: [
      { at: DISK, class: 'ff0000', id: '10ec:5229', driver: 'rtsx_pci', group: 2 },
      { at: `${ROOT}/0000:00:17.0`, class: '010601', driver: 'ahci', group: 3 },
    ],
    files: files(
      disk('mmcblk0', `${DISK}/rtsx_pci_sdmmc.0/mmc_host/mmc0/mmc0:0001/block`, '179:0'),
      disk('sda', `${ROOT}/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block`, '8:0'),
      volume('zram0', '252:0', []),
      swapping('/dev/zram0 partition 1 0 100', '/dev/mmcblk0 partition 1 0 -2'),
    ),
    attempts: [
      { lend: ['0000:02:00.0'], refused: ['storage-in-use: -'], names: 'mmcblk0 holds swap' },
      { lend: ['0000:00:17.0'], refused: [], verdict: 'free' },
    ],
  },
  {
    name: 'a laptop whose own graphics drive the screen',
    functions: [
      SCREEN,
      { at: GPU, class: '030200', driver: 'nouveau', group: 1 },
      { at: AUDIO, class: '040300', driver: 'snd_hda_intel', group: 1 },
    ],
    files: files(drm(0, SCREEN.at), drm(1, GPU), opens(900, 'gnome-shell', '/dev/dri/card0')),
    attempts: [
      { lend: ['0000:01:00.0', '0000:01:00.1'], refused: [] },
      {
        lend: ['0000:00:02.0'],
        refused: ['display-in-use: lose the boot display card0'],
        names: 'no other GPU stays',
      },
    ],
  },
  {
    name: 'a desktop whose card drives the screen, and the chip’s own graphics beside it',
    functions: [
      { ...SCREEN, bootVga: false },
      { ...CARD[0]!, bootVga: true },
    ],
    files: files(drm(0, SCREEN.at), drm(1, GPU), opens(900, 'Xorg', '/dev/dri/card1')),
    attempts: [
      { lend: ['0000:00:02.0'], refused: [], verdict: 'free' },
      { lend: ['0000:01:00.0'], refused: ['display-in-use: lose the boot display card1'] },
      {
        lend: ['0000:00:02.0', '0000:01:00.0'],
        refused: ['display-in-use: lose the only GPU', 'display-in-use: lose the boot display card1'],
      },
    ],
  },
  {
    name: 'a server with the screen of its management controller, and a card that computes',
    functions: [
      {
        at: `${ROOT}/0000:00:1c.5/0000:0a:00.0`,
        class: '030000',
        id: '1a03:2000',
        driver: 'ast',
        group: 2,
        bootVga: true,
      },
      { at: GPU, class: '030200', driver: 'nvidia', group: 1 },
      { at: DISK, class: '030200', driver: 'nvidia', group: 3 },
    ],
    files: files(
      {
        '/proc/driver/nvidia/gpus/0000:01:00.0/information': 'Device Minor: \t 0\n',
        '/proc/driver/nvidia/gpus/0000:02:00.0/information': 'Device Minor: \t 1\n',
      },
      opens(611, 'nvidia-persiste', '/dev/nvidiactl', '/dev/nvidia0'),
    ),
    attempts: [
      { lend: ['0000:01:00.0'], refused: ['node-in-use: lose nvidia0'], names: 'nvidia-persiste (pid 611)' },
      { lend: ['0000:02:00.0'], refused: [], verdict: 'free' },
      {
        lend: ['0000:0a:00.0'],
        refused: ['display-in-use: lose the boot display', 'function-class: lose 0a:00.0'],
      },
    ],
  },
  {
    name: 'a QEMU that libvirt does not know',
    functions: [
      { ...CARD[0]!, driver: 'vfio-pci' },
      { ...CARD[1]!, driver: 'vfio-pci' },
      { at: DISK, class: '0c0330', driver: 'vfio-pci', group: 2 },
    ],
    files: files(
      { '/dev/vfio/vfio': '', '/dev/vfio/1': '', '/dev/vfio/2': '' },
      opens(700, 'kvm', '/dev/vfio/1'),
    ),
    attempts: [
      {
        lend: ['0000:01:00.0', '0000:01:00.1'],
        refused: ['node-in-use: lose vfio/1', 'node-in-use: lose vfio/1'],
        names: '/dev/vfio/1 is open in kvm (pid 700)',
      },
      { lend: ['0000:02:00.0'], refused: [], verdict: 'free' },
    ],
  },
  {
    name: 'a card with virtual functions',
    functions: [
      { at: NIC, class: '020000', driver: 'igb', group: 2, virtual: ['0000:03:10.0', '0000:03:10.2'] },
      { at: NIC.replace('03:00.0', '03:10.0'), class: '020000', driver: 'igbvf', group: 3 },
      { at: NIC.replace('03:00.0', '03:10.2'), class: '020000', group: 4 },
    ],
    files: files(
      networkInterface('eth0', NIC, { up: false }),
      networkInterface('eth1', NIC.replace('03:00.0', '03:10.0')),
    ),
    attempts: [
      { lend: ['0000:03:10.2'], refused: [], verdict: 'free' },
      { lend: ['0000:03:00.0'], refused: ['virtual-functions-in-use: lose 1 virtual function'] },
      {
        lend: ['0000:03:00.0', '0000:03:10.2'],
        refused: ['virtual-functions-in-use: -'],
        names: '03:10.2 cannot go along with 03:00.0',
      },
    ],
  },
  {
    name: 'a network card whose port is a container’s, and one of a host without containers',
    functions: [{ at: NIC, class: '020000', driver: 'igb', group: 2 }],
    files: files({
      '/proc/self/ns/net': '->net:[1]',
      '/proc/1/ns/net': '->net:[1]',
      '/proc/77/ns/net': '->net:[2]',
      '/proc/77/comm': 'lxc-start\n',
      '/proc/77/net/dev': 'Inter-|\n face |\n    lo: 0\n  eth1: 0\n',
    }),
    attempts: [{ lend: ['0000:03:00.0'], refused: ['network-in-use: -'], names: 'lxc-start (pid 77)' }],
  },
  {
    name: 'the controller of a dock: tunnels of USB4 end with it',
    functions: [
      { at: `${ROOT}/0000:00:0d.2`, class: '0c0340', driver: 'thunderbolt', group: 2 },
      {
        at: `${ROOT}/0000:00:07.0/0000:20:00.0/0000:21:02.0/0000:22:00.0`,
        class: '020000',
        driver: 'igc',
        group: 3,
      },
    ],
    files: files(networkInterface('eth0', `${ROOT}/0000:00:07.0/0000:20:00.0/0000:21:02.0/0000:22:00.0`)),
    attempts: [
      { lend: ['0000:00:0d.2'], refused: ['function-class: lose 00:0d.2'], names: 'USB4 docks' },
      { lend: ['0000:22:00.0'], refused: ['network-in-use: lose eth0'] },
    ],
  },
];

for (const { name, functions, files: on, attempts } of SCENES) {
  describe(name, async () => {
    const model = await fieldModel(functions, on);
    for (const { lend, refused, names, verdict } of attempts) {
      test(lend.join(' '), () => {
        const refusals = refusalsOf(findingsOf(model, { functions: lend, guest: null, slot: null }));
        const told = refusals.map(({ rule, accept }) => `${rule}: ${accept ?? '-'}`);
        const whys = refusals.flatMap((f) => [f.why, ...f.evidence.map((e) => e.text)]).join('\n');
        assert.deepEqual(told, refused, whys);
        if (names !== undefined) assert.ok(whys.includes(names), whys);
        if (verdict !== undefined) assert.equal(verdictOf(model, lend[0]!).text, verdict);
      });
    }
  });
}
