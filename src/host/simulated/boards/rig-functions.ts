import { type BoardFunction, type BoardSound, boardFunction } from '../board.ts';

const qemu = { subsystemVendor: '1af4', subsystemDevice: '1100' } as const;

function soundOf(capture: boolean): BoardSound {
  return {
    id: 'Intel',
    name: 'HDA Intel',
    codec: { module: 'generic', chip: 'Generic', pin: '0x3', out: 'line' },
    capture,
  };
}

const hda = { name: 'snd_hda_intel', module: 'snd_hda_intel' } as const;
const ICH9_AUDIO = '82801I (ICH9 Family) HD Audio Controller';

function virtioDisk(
  address: string,
  group: number,
  start: number,
  name: string,
  mount: string,
): BoardFunction {
  return boardFunction({
    address,
    vendor: '1af4',
    device: '1001',
    class: '010000',
    subsystemVendor: '1af4',
    subsystemDevice: '0002',
    name: 'Virtio block device',
    group,
    driver: { name: 'virtio-pci', module: 'virtio_pci' },
    pin: 1,
    line: 23,
    bars: [{ index: 1, start, bytes: 0x1000, kind: 'memory' }],
    disk: { name, sectors: 4194304, partitions: [], volumes: [], mount },
  });
}

/** Groups are numbered in the order of addresses; the card behind the root port, on bus 1, comes last. */
export function rigFunctions(amd: boolean): BoardFunction[] {
  const own = amd ? 4 : 7;
  const [tool, shared, chipset] = amd ? [5, 6, 7] : [4, 5, 6];
  const ownCard = boardFunction({
    ...qemu,
    address: amd ? '0000:00:06.0' : '0000:01:00.0',
    behind: amd ? null : '0000:00:05.0',
    vendor: '8086',
    device: '293e',
    class: '040300',
    revision: '03',
    name: ICH9_AUDIO,
    group: own,
    driver: hda,
    pin: 1,
    line: 21,
    resetMethods: amd ? [] : ['bus'],
    bars: [{ index: 0, start: 0xfe400000, bytes: 0x4000, kind: 'memory' }],
    sound: soundOf(true),
  });
  const chip = (
    given: Pick<BoardFunction, 'address' | 'device' | 'class' | 'name'> & Partial<BoardFunction>,
  ): BoardFunction => boardFunction({ ...qemu, vendor: '8086', revision: '02', group: chipset!, ...given });
  const rest = [
    boardFunction({
      ...qemu,
      address: '0000:00:00.0',
      vendor: '8086',
      device: '29c0',
      class: '060000',
      name: '82G33/G31/P35/P31 Express DRAM Controller',
      group: 0,
    }),
    ...(amd
      ? [
          boardFunction({
            address: '0000:00:01.0',
            vendor: '1022',
            device: '0008',
            class: '080600',
            name: 'IOMMU',
            group: null,
          }),
        ]
      : []),
    virtioDisk('0000:00:03.0', 1, 0xfe68c000, 'vda', '/'),
    boardFunction({
      address: '0000:00:04.0',
      vendor: '1af4',
      device: '1009',
      class: '000200',
      subsystemVendor: '1af4',
      subsystemDevice: '0009',
      name: 'Virtio filesystem',
      group: 2,
      share: { tag: 'share', mount: '/share' },
      driver: { name: 'virtio-pci', module: 'virtio_pci' },
      pin: 1,
      line: 20,
      bars: [{ index: 1, start: 0xfe68d000, bytes: 0x1000, kind: 'memory' }],
    }),
    boardFunction({
      address: '0000:00:05.0',
      vendor: '1b36',
      device: '000c',
      class: '060400',
      name: 'QEMU PCIe Root port',
      group: 3,
      driver: { name: 'pcieport', module: null },
      secondaryBus: 1,
      pin: 1,
      line: 21,
      pcie: 'root-port',
      bars: [{ index: 0, start: 0xfe68e000, bytes: 0x1000, kind: 'memory' }],
    }),
    virtioDisk('0000:00:07.0', tool!, 0xfe690000, 'vdb', '/tool'),
    boardFunction({
      ...qemu,
      address: '0000:00:1b.0',
      vendor: '8086',
      device: '2668',
      class: '040300',
      revision: '01',
      name: '82801FB/FBM/FR/FW/FRW (ICH6 Family) High Definition Audio Controller',
      group: shared!,
      driver: hda,
      pin: 1,
      line: 16,
      guestMsi: false,
      bars: [{ index: 0, start: 0xfe680000, bytes: 0x4000, kind: 'memory' }],
      sound: soundOf(false),
    }),
    boardFunction({
      ...qemu,
      address: '0000:00:1b.1',
      vendor: '8086',
      device: '100e',
      class: '020000',
      revision: '03',
      name: '82540EM Gigabit Ethernet Controller',
      group: shared!,
      driver: { name: 'e1000', module: 'e1000' },
      pin: 1,
      line: 16,
      msi: false,
      bars: [
        { index: 0, start: 0xfe640000, bytes: 0x20000, kind: 'memory' },
        { index: 1, start: 0xc080, bytes: 64, kind: 'io' },
      ],
      network: {
        name: 'enp0s27f1',
        mac: '52:54:00:12:34:56',
        up: false,
        carrier: false,
        defaultRoute: false,
      },
    }),
    chip({
      address: '0000:00:1f.0',
      device: '2918',
      class: '060100',
      name: '82801IB (ICH9) LPC Interface Controller',
      driver: { name: 'lpc_ich', module: 'lpc_ich' },
      reserved: [{ start: 0, end: 0xffffff, type: 'direct-relaxable' }],
    }),
    chip({
      address: '0000:00:1f.2',
      device: '2922',
      class: '010601',
      name: '82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]',
      driver: { name: 'ahci', module: 'ahci' },
      pin: 1,
      bars: [{ index: 5, start: 0xfe68f000, bytes: 0x1000, kind: 'memory' }],
    }),
    chip({
      address: '0000:00:1f.3',
      device: '2930',
      class: '0c0500',
      name: '82801I (ICH9 Family) SMBus Controller',
      driver: { name: 'i801_smbus', module: 'i2c_i801' },
      pin: 1,
      line: 16,
      msi: false,
      bars: [{ index: 4, start: 0x700, bytes: 64, kind: 'io' }],
    }),
    chip({
      address: '0000:00:1f.4',
      device: '293e',
      class: '040300',
      revision: '03',
      name: ICH9_AUDIO,
      driver: hda,
      pin: 1,
      bars: [{ index: 0, start: 0xfe688000, bytes: 0x4000, kind: 'memory' }],
      sound: soundOf(false),
    }),
  ];
  return [...rest, ownCard].sort((a, b) => (a.address < b.address ? -1 : 1));
}
