/** A simulated laptop with one secret of every kind planted wherever it can stand: what a stranger's capture may hold. */
import { collectAll } from '../../../src/facts/collect.ts';
import type { Capture } from '../../../src/host/capture.ts';
import { recorderOf } from '../../../src/host/recorder.ts';
import { boardByName } from '../../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../../src/host/simulated/index.ts';
import { Tree } from '../../../src/host/tree.ts';
import { fourRoutes, networkInterface, processOf, sixRoutes, sockets } from '../networks.ts';
import { mountinfo } from '../storage-hosts.ts';

/** By what each tells. None of these may be in a redacted capture, nor in anything that is shown of one. */
export const PLANTED = {
  password: 'correct-horse-vnc',
  argument: 'battery-staple',
  kernelPassword: 'iscsi-hunter2',
  host: 'alices-laptop',
  server: 'nas.alice.example',
  user: 'alice',
  account: 'acollins',
  file: 'tax-return',
  label: 'ALICE-USB',
  ssid: 'Wonderland',
  diskSerial: 'S3Z9NB0K123456X',
  usbSerial: '4C530001260821',
  boardSerial: 'PF1XYZ42',
  guestSerial: 'GUESTDISK0042',
  wwn: '5002538e40a1b2c3',
  fileSystem: '3e6be9de-8139-4c2a-8106-a43f08d7c1e5',
  fatId: '1A2B-3C4D',
  partition: '9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a',
  machine: '4c4c4544-0042-4d10-8058-b4c04f575931',
  machineId: '0123456789abcdef0011223344556677',
  guestMac: '52:54:00:a1:1c:e5',
  cardMac: 'e4:5f:01:a1:1c:e5',
  four: '203.0.113.77',
  gateway: '203.0.113.65',
  peer: '198.51.100.23',
  six: '2001:db8:a11c:e5::17',
  comment: 'ask bob before changing',
  target: 'iqn.2024-01.example.alice:storage',
} as const;

const P = PLANTED;
const KERNEL_LOG = `[    1.000000] usb 1-4: SerialNumber: ${P.usbSerial}
[    1.100000] systemd[1]: Hostname set to <${P.host}>.
[    1.200000] r8169 0000:03:00.0 eth0: RTL8168, ${P.cardMac}, XID 2c9, IRQ 28
[    1.300000] vfio-pci 0000:00:1b.0: enabling device for ${P.user} on ${P.host}
[    1.400000] iommu: told to ${P.four}, ${P.gateway} and [${P.six}]:22 by ${P.machine}
[    1.500000] wlan0: associate with SSID "${P.ssid}"
[    1.600000] EXT4-fs (dm-0): mounted filesystem ${P.fileSystem.toUpperCase()} r/w
[    1.700000] audit: proctitle="qemu --password=${P.argument} /home/${P.user}/${P.file}.qcow2"
`;

const DEVICES = `    <disk type='block' device='disk'>
      <source dev='/dev/disk/by-id/ata-Samsung_SSD_860_EVO_1TB_${P.diskSerial}'/>
      <target dev='vdb' bus='virtio'/>
      <serial>${P.guestSerial}</serial>
      <wwn>${P.wwn}</wwn>
    </disk>
    <disk type='network' device='disk'>
      <source protocol='iscsi' name='${P.target}'>
        <host name='${P.server}' port='3260'/>
        <auth username='${P.account}'/>
      </source>
      <target dev='vdc' bus='virtio'/>
    </disk>
    <disk type='file' device='disk'>
      <source file='/home/${P.user}/vms/${P.file}.qcow2'/>
      <target dev='vdd' bus='virtio'/>
    </disk>
    <graphics type='vnc' port='-1' passwd='${P.password}' listen='${P.four}'/>
`;

const CARD = P.cardMac.replaceAll(':', '');
const NIC = `enx${CARD}`;
/** Interface identifier that IPv6 makes of the card's MAC address (RFC 4291, appendix A). */
const LINK_LOCAL = 'fe80000000000000e65f01fffea11ce5';

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  '/etc/machine-id': `${P.machineId}\n`,
  '/sys/class/dmi/id/product_uuid': `${P.machine}\n`,
  '/sys/class/dmi/id/board_serial': `${P.boardSerial}\n`,
  ...networkInterface(NIC, 'pci0000:00/0000:00:1a.0/usb1/1-1/1-1:1.0'),
  [`/sys/devices/pci0000:00/0000:00:1a.0/usb1/1-1/1-1:1.0/net/${NIC}/address`]: `${P.cardMac}\n`,
  '/sys/devices/pci0000:00/0000:00:1a.0/usb1/1-1/serial': `${P.usbSerial}\n`,
  '/sys/devices/pci0000:00/0000:00:1a.0/usb1/serial': '0000:00:1a.0\n',
  '/proc/net/route': fourRoutes(
    `${NIC} 0.0.0.0/0 via ${P.gateway}`,
    `${NIC} 203.0.113.64/26`,
    'virbr0 192.168.122.0/24',
  ),
  '/proc/net/ipv6_route': sixRoutes(`${NIC} 2001:db8:a11c:e5::/64`, `${NIC} ::/0 via fe80::1`),
  '/proc/net/if_inet6': `${LINK_LOCAL} 02 40 20 80 ${NIC}\n`,
  '/proc/net/tcp': sockets({ local: `${P.four}:22`, peer: `${P.peer}:50022`, inode: 777 }),
  '/proc/net/tcp6': sockets({ local: `[${P.six}]:22`, peer: `[2001:db8:a11c:e5::99]:50023`, inode: 778 }),
  ...processOf(4242, 'sshd', { sockets: [777, 778] }),
  ...processOf(4243, 'bash', {
    parent: 4242,
    environment: [`USER=${P.user}`, `SSH_CONNECTION=${P.peer} 50022 ${P.four} 22`],
  }),
  '/proc/self': '->4243',
  '/proc/self/mountinfo': mountinfo(
    `8:2 / ext4 /dev/sda2`,
    `8:17 /media/${P.user}/${P.label} vfat /dev/sdb1`,
    `0:40 /home/${P.user}/${P.file} nfs4 ${P.server}:/export rw,addr=${P.peer}`,
    `0:41 /srv cifs //${P.server}/share rw,username=${P.account},addr=${P.peer},password=${P.argument}`,
  ),
  '/etc/fstab': `UUID=${P.fileSystem} / ext4 defaults 0 1
UUID=${P.fatId} /boot/efi vfat umask=0077 0 1
LABEL="${P.label}" /media/${P.user}/${P.label} vfat noauto 0 0
/dev/disk/by-id/ata-Samsung_SSD_860_EVO_1TB_${P.diskSerial}-part3 /srv/vm ext4 noauto 0 0
`,
  '/proc/cmdline': `BOOT_IMAGE=/vmlinuz root=UUID=${P.fileSystem} resume=PARTUUID=${P.partition} ip=${P.four} rd.iscsi.password=${P.kernelPassword} hostname=${P.host} quiet\n`,
  '/run/udev/data/b8:0': `S:disk/by-id/ata-Samsung_SSD_860_EVO_1TB_${P.diskSerial}
S:disk/by-id/wwn-0x${P.wwn}
E:ID_SERIAL=Samsung_SSD_860_EVO_1TB_${P.diskSerial}
E:ID_SERIAL_SHORT=${P.diskSerial}
E:ID_WWN=0x${P.wwn}
`,
  '/run/udev/data/b8:1': `S:disk/by-uuid/${P.fatId}
S:disk/by-partuuid/${P.partition}
E:ID_FS_UUID=${P.fatId}
E:ID_FS_TYPE=vfat
E:ID_PART_ENTRY_TYPE=c12a7328-f81f-11d2-ba4b-00a0c93ec93b
E:ID_PART_ENTRY_UUID=${P.partition}
`,
  '/run/udev/data/b8:17': `S:disk/by-label/${P.label}\nE:ID_FS_LABEL=${P.label}\nE:ID_FS_TYPE=vfat\n`,
  '/sys/firmware/efi/efivars/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f': variable(
    utf16(`${P.partition.toUpperCase()}\0`),
  ),
  '/sys/firmware/efi/efivars/BootCurrent-8be4df61-93ca-11d2-aa0d-00e098032b8c': variable(Buffer.from([1, 0])),
  '/sys/firmware/efi/efivars/Boot0001-8be4df61-93ca-11d2-aa0d-00e098032b8c': variable(bootEntry()),
};

/** An efivarfs file begins with four bytes of attributes. */
function variable(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([7, 0, 0, 0]), content]);
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

/** UEFI specification 3.1.3 and 10.3.5.1: a load option that starts from a partition of a GPT. */
function bootEntry(): Buffer {
  const node = Buffer.alloc(42);
  Buffer.from([4, 1, 42, 0]).copy(node);
  guidBytes(P.partition).copy(node, 24);
  node.writeUInt8(2, 40);
  node.writeUInt8(2, 41);
  return Buffer.concat([Buffer.from([1, 0, 0, 0, 42, 0]), utf16(`SSD ${P.diskSerial}\0`), node]);
}

export function guidBytes(guid: string): Buffer {
  const hex = guid.replaceAll('-', '');
  const turned = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)].map((part) =>
    Buffer.from(part, 'hex').reverse(),
  );
  return Buffer.concat([...turned, Buffer.from(hex.slice(16), 'hex')]);
}

export async function plantedCapture(): Promise<Capture> {
  const board = boardByName('i7-2620m')!;
  const [guest, ...others] = board.guests;
  const xml = guest!.xml
    .replace('<title>Fedora 20</title>', `<title>for ${P.user} on ${P.host}</title>`)
    .replace('52:54:00:f2:0f:20', P.guestMac)
    .replace('    <input ', `${DEVICES}    <input `);
  const named = { ...board, name: P.host, hostName: P.host, guests: [{ ...guest!, xml }, ...others] };
  const recorder = recorderOf(simulatedHost(named));
  await collectAll(recorder.host);
  const capture = recorder.capture({ by: 'vfioctl', kind: 'constructed', from: `a board, for ${P.user}` });
  const tree = Tree.from(capture.tree);
  for (const [path, content] of Object.entries(FILES)) {
    if (typeof content === 'string' && content.startsWith('->')) tree.setLink(path, content.slice(2));
    else tree.setFile(path, content);
  }
  const runs = capture.runs.map((run) => {
    if (run.argv[0] === 'dmesg')
      return { ...run, stdout: run.stdout + KERNEL_LOG, stderr: `dmesg: ${P.host}\n` };
    return { ...run, stdout: run.stdout.replaceAll('<os>', `<!-- ${P.comment} --><os>`) };
  });
  return { ...capture, tree: tree.toRecord(), runs };
}
