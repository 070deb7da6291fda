import { type IommuState, iommuState } from '../findings/iommu.ts';
import type { HostModel } from '../model/model.ts';
import type { Plan } from './plan.ts';

/** What stands between this host and a working IOMMU: exactly one of these. */
export interface Readiness {
  readonly verdict: 'ready' | 'off in the kernel' | 'off in firmware' | 'unknown';
  readonly why: string;
  /** The one kernel argument that turns it on; null when none would, or when the facts do not say. */
  readonly argument: string | null;
}

/** The verdict, by the same reasoning that the rules use. */
export function readinessOf(model: HostModel): Readiness {
  const iommu = iommuState(model);
  const argument = argumentOf(iommu);
  switch (iommu.state) {
    case 'on':
      return {
        verdict: 'ready',
        why: `the IOMMU is on: ${iommu.groups} groups hold PCI functions`,
        argument,
      };
    case 'off-in-firmware':
      return {
        verdict: 'off in firmware',
        why: 'firmware describes no IOMMU: it is off in its setup, or absent',
        argument,
      };
    case 'off-in-kernel':
      return {
        verdict: 'off in the kernel',
        why: `firmware describes an IOMMU, and ${KERNEL_WHY[iommu.cause]}`,
        argument,
      };
    case 'none-for-pci':
      return {
        verdict: 'unknown',
        why: 'there are no ACPI tables, and no PCI function is behind an IOMMU',
        argument,
      };
    case 'unread':
      return { verdict: 'unknown', why: `not read: ${iommu.fact}`, argument };
  }
}

const KERNEL_WHY = {
  argument: 'the kernel was told to leave it off',
  default: 'this kernel leaves it off unless it is told intel_iommu=on',
  'not-built': 'this kernel was built without its driver',
  unexplained: 'nothing says why the kernel leaves it off',
} as const;

/** Only where adding one word is all, and where that is certain: what was written there by somebody is theirs to take away. */
function argumentOf(iommu: IommuState): string | null {
  if (iommu.state !== 'off-in-kernel' || !iommu.certain || iommu.remove.length > 0) return null;
  return iommu.add.length === 1 ? iommu.add[0]! : null;
}

/** One kernel argument through grubby, and a reboot; nothing when that is not what is missing. */
export function planPrepare(model: HostModel): Plan {
  const { argument, why } = readinessOf(model);
  const steps: Plan['steps'] =
    argument === null
      ? []
      : [
          {
            id: 'kernel-argument',
            kind: 'kernel-argument',
            target: { argument, tool: 'grubby' },
            before: { present: false },
            after: { present: true },
          },
          {
            id: 'reboot',
            kind: 'reboot',
            target: { why: `the kernel reads ${argument} when it boots` },
            before: { bootId: model.snapshot.made.bootId },
            after: { bootId: null },
          },
        ];
  return {
    schema: 'vfioctl/plan/1',
    verb: 'prepare',
    guest: null,
    functions: [],
    steps,
    difference: [],
    notes: [why],
  };
}
