import type { Tree } from '../tree.ts';
import { type Board, iommuTable } from './board.ts';
import { bootEntryPath } from './file-tree.ts';
import { driverProbe, moduleLoad } from './kernel.ts';
import { kernelLog, kernelOff, type SimulatedState } from './state.ts';

/** The kernel takes its time before drivers are loaded, and userspace until anything of ours could run. */
const KERNEL_MS = 5_000;
const USERSPACE_MS = 25_000;

/** What was bound, loaded, overridden or running is gone; files are kept, for they were synced. */
export function machineOff(state: SimulatedState, files: Tree): void {
  state.kernel = kernelOff();
  for (const guest of state.guests) guest.live = null;
  state.guests = state.guests.filter((g) => g.inactive !== null);
  state.timers = [];
  files.remove('/run');
  files.setDirectory('/run');
}

/** Firmware, boot loader, kernel, and the drivers that udev loads for what is there. */
export function machineOn(state: SimulatedState, files: Tree): void {
  const { board } = state;
  state.boot.count += 1;
  state.boot.at = state.clock;
  state.boot.id = `b007b007-0000-4000-8000-${String(state.boot.count).padStart(12, '0')}`;
  state.boot.commandLine = commandLine(board, files);
  const words = state.boot.commandLine.split(' ');
  state.kernel.iommu = iommuTranslates(board, words);
  state.kernel.remapping = interruptsRemapped(board, words);
  bootLog(state, words);
  state.clock += KERNEL_MS;
  for (const fn of board.functions) {
    if (fn.driver?.module) moduleLoad(state, fn.driver.module);
    else driverProbe(state, fn.address);
  }
  for (const module of board.kernel.modules) moduleLoad(state, module);
  if (board.init !== 'other') files.setDirectory('/run/systemd/system');
  state.clock += USERSPACE_MS;
}

function commandLine(board: Board, files: Tree): string {
  if (!board.bootLoaderEntries) return board.kernel.arguments;
  const entry = files.read(bootEntryPath(board));
  const options = entry.state === 'read' ? /^options (.*)$/m.exec(entry.value)?.[1] : undefined;
  return `BOOT_IMAGE=(hd0,msdos1)/vmlinuz-${board.kernel.release} ${options ?? ''}`.trim();
}

/** Does the IOMMU translate: firmware has one, and this kernel turns it on by itself or is told to. */
export function iommuTranslates(board: Board, words: readonly string[]): boolean {
  const { iommu } = board.firmware;
  if (iommu === null) return false;
  if (words.includes('iommu=off')) return false;
  // AMD's is on wherever firmware describes it; `amd_iommu=on` is no option of the kernel.
  if (iommu === 'amd') return !words.includes('amd_iommu=off');
  const { config } = board.kernel;
  const byDefault = config.INTEL_IOMMU_DEFAULT_ON === 'y' || config.INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF === 'y';
  return words
    .filter((w) => w.startsWith('intel_iommu='))
    .flatMap((w) => w.slice('intel_iommu='.length).split(','))
    .reduce((on, option) => (option === 'on' ? true : option === 'off' ? false : on), byDefault);
}

/** Remapping of interrupts is turned on before, and independent of, translation. */
function interruptsRemapped(board: Board, words: readonly string[]): boolean {
  const off = words.includes('nointremap') || words.includes('intremap=off');
  return board.firmware.iommu !== null && board.firmware.interruptRemapping && !off;
}

function bootLog(state: SimulatedState, words: readonly string[]): void {
  const { board } = state;
  const log = (at: number, text: string): void => kernelLog(state, text, at);
  log(0, `Linux version ${board.kernel.release} ${board.kernel.version}`);
  log(0, `Command line: ${state.boot.commandLine}`);
  const table = iommuTable(board);
  if (table) log(0, `ACPI: ${table} 0x000000007FFE2376 000098 (v01)`);
  log(0, `Kernel command line: ${state.boot.commandLine}`);
  // Printed while the arguments are parsed, whether or not there is an IOMMU: it proves nothing.
  if (words.some((w) => /^intel_iommu=(.*,)?on(,|$)/.test(w))) log(0, 'DMAR: IOMMU enabled');
  if (words.includes('intel_iommu=off')) log(0, 'DMAR: IOMMU disabled');
  if (board.firmware.iommu === 'amd') {
    for (const option of words.filter((w) => w === 'amd_iommu=on'))
      log(0, `AMD-Vi: Unknown option - '${option.slice(10)}'`);
    amdLog(state);
  }
  if (board.firmware.iommu === 'intel') intelLog(state);
}

function intelLog(state: SimulatedState): void {
  const log = (at: number, text: string): void => kernelLog(state, text, at);
  log(0.004, 'DMAR: Host address width 39');
  log(0.004, 'DMAR: DRHD base: 0x000000fed90000 flags: 0x0');
  const regions = new Map(
    state.board.functions
      .flatMap((f) => f.reserved)
      .filter((r) => r.end > 0xffffff)
      .map((r) => [r.start, r.end]),
  );
  const hex = (n: number): string => `0x${n.toString(16).padStart(14, '0')}`;
  for (const [start, end] of regions) log(0.004, `DMAR: RMRR base: ${hex(start)} end: ${hex(end)}`);
  if (state.kernel.remapping) {
    log(0.008, 'DMAR-IR: IOAPIC id 2 under DRHD base  0xfed90000 IOMMU 0');
    log(0.008, 'DMAR-IR: Enabled IRQ remapping in xapic mode');
  }
  if (!state.kernel.iommu) return;
  log(0.88, 'iommu: Default domain type: Translated');
  if (regions.size === 0) log(0.997, 'DMAR: No RMRR found');
  log(0.998, 'DMAR: dmar0: Using Queued invalidation');
  groupLog(state);
  log(1.023, 'DMAR: Intel(R) Virtualization Technology for Directed I/O');
}

function amdLog(state: SimulatedState): void {
  const log = (at: number, text: string): void => kernelLog(state, text, at);
  if (!state.kernel.iommu) return;
  log(1.025, 'iommu: Default domain type: Translated');
  groupLog(state);
  log(1.127, 'AMD-Vi: Extended features (0x29d3, 0x0): PreF PPR GT IA GA HE');
  if (state.kernel.remapping) log(1.127, 'AMD-Vi: Interrupt remapping enabled');
}

function groupLog(state: SimulatedState): void {
  for (const fn of state.board.functions) {
    if (fn.group !== null) kernelLog(state, `pci ${fn.address}: Adding to iommu group ${fn.group}`, 1.0);
  }
}
