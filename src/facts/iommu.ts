import { iommuGroups } from './groups.ts';
import { interruptLines } from './interrupts.ts';
import { kernelLog } from './log.ts';
import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

/** ACPI tables that describe an IOMMU: Intel's, AMD's, and Arm's. Their names need no root, their content does. */
const TABLES = ['DMAR', 'IVRS', 'IORT'];
const REMAPPING_ON = /DMAR-IR: Enabled IRQ remapping|AMD-Vi: Interrupt remapping enabled/;

export async function iommuFacts(look: Look): Promise<Snapshot['iommu']> {
  const tables = look.list('iommu', '/sys/firmware/acpi/tables');
  const units = look.list('iommu', '/sys/class/iommu');
  const groups = iommuGroups(look, 'iommu');
  const remapping = await interruptRemapping(look);
  const unsafe = look.text(
    'iommu.unsafeInterrupts',
    '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts',
  );
  if (tables === undefined || units === undefined || groups === undefined) return undefined;
  return {
    tables: tables?.filter((name) => TABLES.includes(name)) ?? null,
    units: units ?? [],
    pciGroups: groups.filter((group) => group.functions.length > 0).length,
    interruptRemapping: remapping,
    unsafeInterrupts: unsafe == null ? null : unsafe === 'Y' || unsafe === '1',
  };
}

/**
 * x86 names its interrupt chips `IR-IO-APIC` and `IR-PCI-MSI…` when their messages pass the remapping unit, and
 * `IO-APIC` and `PCI-MSI…` when not: that decides also where the log has lost its beginning. Other architectures
 * have other chips and say nothing by their names.
 */
async function interruptRemapping(look: Look): Promise<boolean | null> {
  const log = await kernelLog(look);
  if (log?.lines.some((line) => REMAPPING_ON.test(line))) return true;
  const chips = interruptLines(look)?.filter(({ chip }) => /^(IR-)?(IO-APIC|PCI-MSI)/.test(chip)) ?? [];
  return chips.length > 0 ? chips.some(({ chip }) => chip.startsWith('IR-')) : null;
}
