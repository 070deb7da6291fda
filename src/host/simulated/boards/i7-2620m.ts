import { type Board, NO_BREAKAGE } from '../board.ts';
import { F20VM, F20VM_UUID } from './f20vm.ts';
import { i7_2620mFunctions } from './i7-2620m-functions.ts';

/**
 * Constructed. A laptop of 2011 with Core i7-2620M and QM67 chipset, under a Fedora of today. From: a how-to of 2014 on
 * lending a sound card (processor, card 8086:1c20 rev 04 at 00:1b.0, its driver, reserved regions, capability registers
 * of the two IOMMUs, the guest's name and where the card came up in it); Intel's data sheet of the 6 Series chipset
 * (PCI Express capability of the audio controller at 0x70); pci.ids (names). Fedora's kernels 6.17 are built without
 * INTEL_IOMMU_DEFAULT_ON. The rest (groups, ways to reset, BARs, the other functions) is what such machines usually have.
 */
export const i7_2620m: Board = {
  name: 'i7-2620m',
  source: 'constructed from a how-to of 2014, the data sheet of the 6 Series chipset, and pci.ids',
  hostName: 'thinkpad',
  cpu: {
    vendor: 'GenuineIntel',
    model: 'Intel(R) Core(TM) i7-2620M CPU @ 2.70GHz',
    flag: 'vmx',
    count: 4,
  },
  memoryKiB: 8053064,
  firmware: { iommu: 'intel', interruptRemapping: true },
  kernel: {
    release: '6.17.8-300.fc43.x86_64',
    version: '(mockbuild@simulated) (gcc (GCC) 15.2.1) #1 SMP PREEMPT_DYNAMIC Fri Nov 14 01:47:12 UTC 2025',
    arguments: 'root=/dev/mapper/fedora-root ro rd.lvm.lv=fedora/root rd.lvm.lv=fedora/swap rhgb quiet',
    config: {
      IOMMU_SUPPORT: 'y',
      IOMMU_DEFAULT_PASSTHROUGH: 'n',
      AMD_IOMMU: 'y',
      INTEL_IOMMU: 'y',
      INTEL_IOMMU_DEFAULT_ON: 'n',
      IRQ_REMAP: 'y',
      IOMMUFD: 'm',
      VFIO: 'm',
      VFIO_GROUP: 'y',
      VFIO_CONTAINER: 'y',
      VFIO_DEVICE_CDEV: 'n',
      VFIO_IOMMU_TYPE1: 'm',
      VFIO_PCI_CORE: 'm',
      VFIO_PCI: 'm',
      KVM: 'm',
      KVM_INTEL: 'm',
      KVM_AMD: 'm',
      SND_HDA_INTEL: 'm',
    },
    modules: ['kvm', 'kvm_intel'],
    msiPerFunction: true,
    domainType: 'DMA-FQ',
  },
  distribution: {
    id: 'fedora',
    name: 'Fedora Linux',
    pretty: 'Fedora Linux 43 (Workstation Edition)',
    version: '43',
  },
  bootLoaderEntries: true,
  selinux: 'enforcing',
  apparmor: false,
  libvirt: { version: '11.6.0', qemu: '10.1.2' },
  vendors: { '8086': 'Intel Corporation' },
  functions: i7_2620mFunctions,
  guests: [
    {
      uuid: F20VM_UUID,
      xml: F20VM,
      agent: 'runs',
      autostart: false,
      withoutDrivers: [],
      muted: false,
      plays: false,
    },
  ],
  breakage: NO_BREAKAGE,
};
