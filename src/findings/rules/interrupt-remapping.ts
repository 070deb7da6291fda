import { argumentOptions } from '../iommu.ts';
import { clear, evidence, found, type Rule, undecided } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'interrupt-remapping';
const UNSAFE = '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts';

export const interruptRemapping: Rule = {
  id,
  title: 'interrupt remapping',
  about: 'host',
  needs: ['iommu', 'kernel'],
  predict: (model) => {
    const { iommu, kernel } = model.snapshot;
    if (!iommu) return [unknown(id, 'host', 'blocker', model, 'iommu')];
    if (iommu.interruptRemapping === null) {
      const asks = ["the kernel log's lines about DMAR-IR and AMD-Vi", '/proc/interrupts'];
      const why = 'unknown (neither kernel log nor interrupt chips say)';
      return [undecided(id, 'host', 'blocker', why, asks)];
    }
    if (iommu.interruptRemapping) return [clear(id, 'host', 'interrupt remapping is on')];
    if (iommu.unsafeInterrupts === true) {
      return [
        found(id, 'host', {
          severity: 'warning',
          why: 'interrupt remapping is off and unsafe interrupts are allowed: a guest with a lent function can raise any interrupt on the host',
          evidence: [evidence(UNSAFE, 'Y')],
        }),
      ];
    }
    const off = [
      ...argumentOptions(kernel?.commandLine ?? '', 'intremap')
        .filter((o) => o === 'off')
        .map(() => 'intremap=off'),
      ...(kernel?.commandLine.split(/\s+/).filter((word) => word === 'nointremap') ?? []),
    ];
    return [
      found(id, 'host', {
        severity: 'blocker',
        why: 'interrupt remapping is off: the guest will not start, with "No interrupt remapping" in the kernel log',
        evidence: off.map((word) => evidence('/proc/cmdline', word)),
        remedy:
          off.length > 0
            ? {
                text: `take ${off.join(' ')} away from the kernel command line`,
                command: null,
                cost: 'a reboot',
              }
            : {
                text: 'look for interrupt remapping or x2APIC in the firmware setup, or newer firmware; only if the machine has none, vfio_iommu_type1.allow_unsafe_interrupts=1 lets VFIO go on without',
                command: null,
                cost: 'a reboot; with unsafe interrupts a guest can forge interrupts of the host, so only guests trusted like the host itself',
              },
      }),
    ];
  },
  signatures: [
    /No interrupt remapping support/,
    /MSI interrupts are not secure, they cannot be isolated by the platform/,
    /failed to setup container for group \d+: Failed to set iommu for container: Operation not permitted/,
  ],
  explainsAway: [],
  page: {
    what: 'The IOMMU translates memory accesses, but does not check interrupts.',
    why: 'A device raises an MSI by a memory write. Unless the IOMMU remaps interrupts, a guest can make its device write any interrupt of the host. VFIO therefore refuses the group (`vfio_iommu_type1_attach_group: No interrupt remapping support`), and QEMU reports only `Failed to set iommu for container: Operation not permitted`, which looks like a matter of rights and is none. Detaching works all the same: it fails first at the guest’s start.',
    cure: 'Take `intremap=off` away; look for x2APIC and interrupt remapping in the firmware setup; update the firmware. The last resort is `vfio_iommu_type1.allow_unsafe_interrupts=1`. Its cost: the guest can raise any interrupt on the host, so it is for guests that are trusted like the host. The same QEMU message comes from a 1:1 memory region (group-reserved-regions), where this parameter does not help.',
  },
};
