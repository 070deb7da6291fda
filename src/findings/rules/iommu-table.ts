import { clear, evidence, found, type Rule, undecided } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'iommu-table';
const PATH = '/sys/firmware/acpi/tables';

const SWITCH: ReadonlyMap<string, string> = new Map(
  Object.entries({
    GenuineIntel: 'VT-d (Intel Virtualization Technology for Directed I/O)',
    AuthenticAMD: 'IOMMU (AMD-Vi)',
  }),
);

export const iommuTable: Rule = {
  id,
  title: 'IOMMU in firmware',
  about: 'host',
  needs: ['iommu', 'cpu'],
  predict: (model) => {
    const { iommu, cpu } = model.snapshot;
    if (!iommu) return [unknown(id, 'host', 'blocker', model, 'iommu')];
    const tables = iommu.tables;
    if (tables !== null && tables.length > 0) {
      const seen = tables.map((t) => evidence(`${PATH}/${t}`, 'exists'));
      return [clear(id, 'host', `the firmware describes an IOMMU: ${tables.join(', ')}`, seen)];
    }
    if (iommu.pciGroups > 0)
      return [clear(id, 'host', 'an IOMMU is in use without an ACPI table of its own')];
    if (tables === null) return [undecided(id, 'host', 'blocker', 'unknown (no ACPI tables to look at)')];
    const name = SWITCH.get(cpu?.vendor ?? '') ?? 'IOMMU (VT-d, AMD-Vi or SMMU)';
    return [
      found(id, 'host', {
        severity: 'blocker',
        why: 'the firmware describes no IOMMU: it is turned off in its setup, or the machine has none',
        evidence: [evidence(PATH, 'no DMAR, no IVRS, no IORT')],
        remedy: { text: `turn on ${name} in the firmware setup`, command: null, cost: 'a reboot' },
      }),
    ];
  },
  signatures: [
    /No ACPI (?:DMAR|IVRS) table found/,
    /\bNo DMAR devices found/,
    /Unknown if this platform has IOMMU support/,
  ],
  explainsAway: ['iommu-on', 'interrupt-remapping', 'function-group'],
  page: {
    what: 'ACPI has none of the tables that describe an IOMMU: DMAR (Intel), IVRS (AMD), IORT (Arm).',
    why: 'The kernel finds the IOMMU by these tables alone. When they are missing no kernel argument helps; `intel_iommu=on` is accepted, logged as `DMAR: IOMMU enabled`, and does nothing.',
    cure: 'Turn on VT-d, AMD-Vi or the SMMU in the firmware setup; on servers it may hide under chipset, northbridge or I/O virtualization. Machines whose chipset has none cannot lend PCI functions.',
  },
};
