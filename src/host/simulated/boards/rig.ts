import { type Board, NO_BREAKAGE } from '../board.ts';
import { rigFunctions } from './rig-functions.ts';
import { rigGuests } from './rig-guests.ts';

/**
 * Constructed after the recorded test machine (QEMU 7.2 q35, Debian 12's kernel 6.1, libvirt 9.0): three sound cards,
 * alone in a group, in a device with a network card, and among the chipset's functions. Scenarios run here and there
 * and must be seen to do the same.
 */
export interface RigShape {
  readonly name: string;
  readonly iommu: 'intel' | 'amd' | null;
  readonly interruptRemapping: boolean;
  readonly kernelWords: string;
}

export const rigShapes: readonly RigShape[] = [
  { name: 'rig-intel', iommu: 'intel', interruptRemapping: true, kernelWords: ' intel_iommu=on' },
  {
    name: 'rig-intel-no-remapping',
    iommu: 'intel',
    interruptRemapping: false,
    kernelWords: ' intel_iommu=on',
  },
  { name: 'rig-no-iommu', iommu: null, interruptRemapping: false, kernelWords: ' intel_iommu=on' },
  { name: 'rig-amd', iommu: 'amd', interruptRemapping: true, kernelWords: '' },
];

export function rigBoard(shape: RigShape): Board {
  return {
    name: shape.name,
    source: 'constructed after a recorded QEMU machine with Debian 12',
    hostName: 'rig',
    cpu: { vendor: 'AuthenticAMD', model: 'QEMU TCG CPU version 2.5+', flag: 'svm', count: 1 },
    memoryKiB: 4026532,
    firmware: { iommu: shape.iommu, interruptRemapping: shape.interruptRemapping },
    kernel: {
      release: '6.1.0-56-amd64',
      version:
        '(debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)',
      arguments: `console=ttyS0 pci=noearly mitigations=off panic=-1${shape.kernelWords}`,
      config: {
        IOMMU_SUPPORT: 'y',
        IOMMU_DEFAULT_PASSTHROUGH: 'n',
        AMD_IOMMU: 'y',
        INTEL_IOMMU: 'y',
        INTEL_IOMMU_DEFAULT_ON: 'n',
        INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF: 'y',
        IRQ_REMAP: 'y',
        VFIO: 'm',
        VFIO_IOMMU_TYPE1: 'm',
        VFIO_PCI_CORE: 'm',
        VFIO_PCI: 'm',
        KVM: 'm',
        KVM_INTEL: 'm',
        KVM_AMD: 'm',
        SND_HDA_INTEL: 'm',
      },
      modules: ['kvm', 'kvm_amd'],
      msiPerFunction: false,
      domainType: 'DMA',
    },
    distribution: {
      id: 'debian',
      name: 'Debian GNU/Linux',
      pretty: 'Debian GNU/Linux 12 (bookworm)',
      version: '12',
    },
    bootLoaderEntries: false,
    selinux: null,
    apparmor: false,
    libvirt: { version: '9.0.0', qemu: '7.2.22' },
    vendors: {
      '1022': 'Advanced Micro Devices, Inc. [AMD]',
      '1af4': 'Red Hat, Inc.',
      '1b36': 'Red Hat, Inc.',
      '8086': 'Intel Corporation',
    },
    functions: rigFunctions(shape.iommu === 'amd'),
    guests: rigGuests,
    breakage: NO_BREAKAGE,
  };
}
