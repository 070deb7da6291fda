/** The machines that scenarios ask for: what is soldered on, and what the firmware offers. */
export type MachineShape = {
  readonly name: string;
  readonly iommu: 'intel' | 'amd' | 'none';
  readonly interruptRemapping: boolean;
  /**
   * Where the card that is alone in its group sits: 0000:01:00.0 behind a root port, or 0000:00:06.0 on the root bus.
   * QEMU 7.2 breaks DMA behind a root port under amd-iommu (the IOMMU takes the bus number before firmware gives one).
   */
  readonly ownCard: 'root-port' | 'root-bus';
  readonly kernelWords: readonly string[];
  readonly processors: number;
};

const usual = { interruptRemapping: true, ownCard: 'root-port', kernelWords: [], processors: 1 } as const;

export const shapes = {
  intel: { ...usual, name: 'intel', iommu: 'intel', kernelWords: ['intel_iommu=on'] },
  'intel-no-remapping': {
    ...usual,
    name: 'intel-no-remapping',
    iommu: 'intel',
    interruptRemapping: false,
    kernelWords: ['intel_iommu=on'],
  },
  'no-iommu': { ...usual, name: 'no-iommu', iommu: 'none', kernelWords: ['intel_iommu=on'] },
  amd: { ...usual, name: 'amd', iommu: 'amd', ownCard: 'root-bus' },
} as const satisfies Record<string, MachineShape>;

export type ShapeName = keyof typeof shapes;

/** The three cards, each recorded in a file of its own, and what shares their groups. */
export const cards = {
  own: { recording: 'out0.wav' },
  shared: { recording: 'out1.wav' },
  chipset: { recording: 'out2.wav' },
} as const;

export type CardName = keyof typeof cards;

/** Files and sockets of one boot; `folder` is unique to it. */
export type MachineFiles = {
  readonly kernel: string;
  readonly initramfs: string;
  readonly disk: string;
  readonly tool: string | null;
  readonly folder: string;
  readonly sockets: string;
};

/** QEMU's arguments. Emulation only: /dev/kvm of the machine below is never opened. */
export function qemuArguments(shape: MachineShape, files: MachineFiles): string[] {
  const remapping = shape.interruptRemapping ? 'on' : 'off';
  const iommu = shape.iommu === 'none' ? [] : ['-device', `${shape.iommu}-iommu,intremap=${remapping}`];
  const own = shape.ownCard === 'root-port' ? 'bus=rp1,addr=0' : 'bus=pcie.0,addr=6';
  const recording = (card: CardName): string[] => [
    '-audiodev',
    `wav,id=${card},path=${files.folder}/${cards[card].recording}`,
  ];
  const disk = (id: string, file: string, options: string): string[] => [
    '-drive',
    `file=${file},if=none,id=${id},${options}`,
    '-device',
    `virtio-blk-pci,drive=${id},addr=${id === 'disk' ? 3 : 7}`,
  ];
  return [
    ...['-name', `rig-${shape.name}`, '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-machine', 'q35', '-accel', 'tcg,tb-size=1024', '-cpu', 'max,la57=off'],
    ...['-smp', String(shape.processors), '-m', '4G'],
    ...['-kernel', files.kernel, '-initrd', files.initramfs],
    ...['-append', ['console=ttyS0 pci=noearly mitigations=off panic=-1', ...shape.kernelWords].join(' ')],
    ...iommu,
    ...disk('disk', files.disk, 'format=qcow2,cache=writeback'),
    ...(files.tool === null ? [] : disk('tool', files.tool, 'format=raw,readonly=on')),
    ...['-fsdev', `local,id=share,path=${files.folder}/share,security_model=none,multidevs=remap`],
    ...['-device', 'virtio-9p-pci,fsdev=share,mount_tag=share,addr=4'],
    ...recording('own'),
    ...recording('shared'),
    ...recording('chipset'),
    ...['-device', 'pcie-root-port,id=rp1,chassis=1,slot=1,addr=5'],
    ...['-device', `ich9-intel-hda,id=hda0,${own}`, '-device', 'hda-duplex,bus=hda0.0,audiodev=own'],
    // The neighbour is a conventional e1000 and both functions say multifunction: an e1000e gets a group of its own,
    // by the kernel's ACS quirk for Intel endpoints on the root complex.
    ...[
      '-device',
      'intel-hda,id=hda1,addr=1b.0,multifunction=on',
      '-device',
      'hda-output,bus=hda1.0,audiodev=shared',
    ],
    ...[
      '-netdev',
      'user,id=net,restrict=on',
      '-device',
      'e1000,addr=1b.1,multifunction=on,netdev=net,romfile=',
    ],
    ...['-device', 'ich9-intel-hda,id=hda2,addr=1f.4', '-device', 'hda-output,bus=hda2.0,audiodev=chipset'],
    ...[
      '-chardev',
      `socket,id=console,path=${files.sockets}/console,server=on,wait=off,logfile=${files.folder}/console.log`,
    ],
    ...['-serial', 'chardev:console'],
    ...[
      '-chardev',
      `socket,id=control,path=${files.sockets}/control,server=on,wait=off`,
      '-serial',
      'chardev:control',
    ],
  ];
}
