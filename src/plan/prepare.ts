import type { Snapshot } from '../facts/snapshot.ts';
import type { Plan } from './plan.ts';

/** What stands between this host and a working IOMMU: exactly one of these. */
export type Readiness =
  | { readonly verdict: 'ready'; readonly why: string }
  | { readonly verdict: 'off in the kernel'; readonly why: string; readonly argument: string }
  | { readonly verdict: 'off in firmware'; readonly why: string }
  | { readonly verdict: 'unknown'; readonly why: string };

/** The verdict, from groups, firmware tables and the kernel's own configuration. */
export function readinessOf(snapshot: Snapshot): Readiness {
  const { iommu, cpu, kernel } = snapshot;
  if (!iommu) return { verdict: 'unknown', why: 'the IOMMU was not looked at' };
  if (iommu.pciGroups > 0) {
    return { verdict: 'ready', why: `the IOMMU is on: ${iommu.pciGroups} groups hold PCI functions` };
  }
  if (iommu.tables === null) return { verdict: 'unknown', why: 'no ACPI tables could be seen' };
  const table = iommu.tables.find((t) => t === 'DMAR' || t === 'IVRS');
  if (!table) {
    return {
      verdict: 'off in firmware',
      why: 'firmware describes no IOMMU: there is neither a DMAR nor an IVRS table',
    };
  }
  const words = kernel?.commandLine.split(/\s+/) ?? [];
  const off = words.find((w) => ['intel_iommu=off', 'amd_iommu=off', 'iommu=off'].includes(w));
  if (off)
    return {
      verdict: 'unknown',
      why: `the kernel was told to leave the IOMMU off: ${off} is on its command line`,
    };
  const onByDefault = kernel?.config?.CONFIG_INTEL_IOMMU_DEFAULT_ON === 'y';
  if (
    table === 'DMAR' &&
    cpu?.vendor === 'GenuineIntel' &&
    kernel?.config &&
    !onByDefault &&
    !words.includes('intel_iommu=on')
  ) {
    return {
      verdict: 'off in the kernel',
      why: 'firmware describes an IOMMU (DMAR), no group holds a PCI function, and this kernel leaves it off by default',
      argument: 'intel_iommu=on',
    };
  }
  return {
    verdict: 'unknown',
    why: `firmware describes an IOMMU (${table}), yet no group holds a PCI function`,
  };
}

/** One kernel argument through grubby, and a reboot; nothing when the host is ready. */
export function planPrepare(snapshot: Snapshot): Plan {
  const readiness = readinessOf(snapshot);
  const steps: Plan['steps'] =
    readiness.verdict === 'off in the kernel'
      ? [
          {
            id: 'kernel-argument',
            kind: 'kernel-argument',
            target: { argument: readiness.argument, tool: 'grubby' },
            before: { present: false },
            after: { present: true },
          },
          {
            id: 'reboot',
            kind: 'reboot',
            target: { why: `the kernel reads ${readiness.argument} when it boots` },
            before: { bootId: snapshot.made.bootId },
            after: { bootId: null },
          },
        ]
      : [];
  return {
    schema: 'vfioctl/plan/1',
    verb: 'prepare',
    guest: null,
    functions: [],
    steps,
    difference: [],
    notes: [readiness.why],
  };
}
