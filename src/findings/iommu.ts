/** Why the IOMMU is on or off: firmware, kernel default, or kernel argument. Rules and `prepare` ask the same question. */
import type { HostModel } from '../model/model.ts';

export type IommuState =
  | { readonly state: 'unread'; readonly fact: 'iommu' | 'kernel' }
  | { readonly state: 'on'; readonly groups: number }
  /** ACPI has no table that describes an IOMMU. */
  | { readonly state: 'off-in-firmware' }
  /** There are no ACPI tables at all (a device tree board), and no PCI function is behind an IOMMU. */
  | { readonly state: 'none-for-pci' }
  | {
      readonly state: 'off-in-kernel';
      /** `unexplained`: neither configuration nor arguments say why, so no argument is worth advising. */
      readonly cause: 'argument' | 'default' | 'not-built' | 'unexplained';
      /** Kernel arguments to add and to take away; empty when a changed command line does not help. */
      readonly add: readonly string[];
      readonly remove: readonly string[];
      readonly certain: boolean;
    };

/**
 * Groups that hold PCI functions are the proof that it is on. The log line `DMAR: IOMMU enabled` is none: the kernel
 * prints it when it parses `intel_iommu=on`, also on a machine without any IOMMU.
 */
export function iommuState(model: HostModel): IommuState {
  const { iommu, kernel } = model.snapshot;
  if (!iommu) return { state: 'unread', fact: 'iommu' };
  if (iommu.pciGroups > 0) return { state: 'on', groups: iommu.pciGroups };
  if (iommu.tables === null) return { state: 'none-for-pci' };
  if (iommu.tables.length === 0) return { state: 'off-in-firmware' };
  if (!kernel) return { state: 'unread', fact: 'kernel' };
  if (iommu.tables.includes('DMAR')) return intelOff(model, kernel.commandLine);
  if (iommu.tables.includes('IVRS')) return amdOff(model, kernel.commandLine);
  return off('unexplained', [], [], false);
}

/**
 * Intel: off unless the kernel was built with INTEL_IOMMU_DEFAULT_ON or Debian's ..._INTGPU_OFF, or is told `on`;
 * `iommu=off` wins over everything (drivers/iommu/intel/iommu.c, arch/x86/kernel/pci-dma.c).
 */
function intelOff(model: HostModel, commandLine: string): IommuState {
  if (kernelOption(model, 'INTEL_IOMMU') === 'n') return off('not-built', [], [], true);
  const defaultOn =
    kernelOption(model, 'INTEL_IOMMU_DEFAULT_ON') === 'y' ||
    kernelOption(model, 'INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF') === 'y';
  const told = argumentOptions(commandLine, 'intel_iommu').filter((o) => o === 'on' || o === 'off');
  const on = told.at(-1) === 'on';
  const remove = disabling(commandLine, ['intel_iommu=off', 'iommu=off']);
  const add = on || defaultOn ? [] : ['intel_iommu=on'];
  if (argumentOptions(commandLine, 'iommu').includes('off') || told.at(-1) === 'off') {
    return off('argument', add, remove, true);
  }
  return add.length > 0
    ? off('default', add, [], model.snapshot.kernel?.config != null)
    : off('unexplained', [], [], false);
}

/** AMD: on whenever the firmware describes one; there is no argument that turns it on (`amd_iommu=on` is unknown to it). */
function amdOff(model: HostModel, commandLine: string): IommuState {
  if (kernelOption(model, 'AMD_IOMMU') === 'n') return off('not-built', [], [], true);
  const remove = disabling(commandLine, ['amd_iommu=off', 'iommu=off']);
  return remove.length > 0 ? off('argument', [], remove, true) : off('unexplained', [], [], false);
}

function off(
  cause: 'argument' | 'default' | 'not-built' | 'unexplained',
  add: readonly string[],
  remove: readonly string[],
  certain: boolean,
): IommuState {
  return { state: 'off-in-kernel', cause, add, remove, certain };
}

/** `y`, `m` or a value; `n` when the configuration was read and does not set it; null when there was none to read. */
function kernelOption(model: HostModel, name: string): string | null {
  const config = model.snapshot.kernel?.config;
  return config ? (config[`CONFIG_${name}`] ?? 'n') : null;
}

/** Options of an argument in the order given: `intel_iommu=on,sm_on intel_iommu=off` gives on, sm_on, off. */
export function argumentOptions(commandLine: string, name: string): string[] {
  return commandLine
    .split(/\s+/)
    .filter((word) => word.startsWith(`${name}=`))
    .flatMap((word) => word.slice(name.length + 1).split(','));
}

function disabling(commandLine: string, words: readonly string[]): string[] {
  return commandLine.split(/\s+/).filter((word) => words.includes(word));
}

/** Distributions whose boot entries grubby keeps, new kernels included. */
const GRUBBY = ['fedora', 'rhel', 'centos', 'rocky', 'almalinux', 'ol'];

/** The distribution's own command for a changed command line; null when the facts do not say which boot chain it is. */
export function kernelArgumentCommand(
  model: HostModel,
  add: readonly string[],
  remove: readonly string[],
): string | null {
  const kernel = model.snapshot.kernel;
  if (!kernel || add.length + remove.length === 0) return null;
  if (argumentOptions(kernel.commandLine, 'ostree').length > 0) {
    const words = [
      ...add.map((a) => `--append-if-missing=${a}`),
      ...remove.map((r) => `--delete-if-present=${r}`),
    ];
    return `rpm-ostree kargs ${words.join(' ')}`;
  }
  if (!GRUBBY.includes(kernel.distribution?.id ?? '')) return null;
  const words = [
    ...(add.length > 0 ? [`--args=${add.join(' ')}`] : []),
    ...(remove.length > 0 ? [`--remove-args=${remove.join(' ')}`] : []),
  ];
  return `grubby --update-kernel=ALL ${words.map((w) => (w.includes(' ') ? `"${w}"` : w)).join(' ')}`;
}
