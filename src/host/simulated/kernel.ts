import { type BoardFunction, boardFunctionAt } from './board.ts';
import { kernelLog, type SimulatedState } from './state.ts';
import { DeviceStuck, deviceLocked } from './stuck.ts';

/** An errno as the kernel answers a write with, or null. */
export type Errno = 'EINVAL' | 'ENODEV' | 'EBUSY' | null;

export const ERRNO_TEXT = {
  EINVAL: 'Invalid argument',
  ENODEV: 'No such device',
  EBUSY: 'Device or resource busy',
} as const;

/** What a module needs loaded below it. vfio itself asks for its type 1 backend while it starts. */
const MODULE_NEEDS: Readonly<Record<string, readonly string[]>> = {
  vfio_iommu_type1: ['vfio'],
  vfio_pci_core: ['vfio', 'vfio_iommu_type1'],
  vfio_pci: ['vfio', 'vfio_iommu_type1', 'vfio_pci_core'],
};

export function moduleHolders(state: SimulatedState, module: string): string[] {
  return state.kernel.modules.filter((m) => MODULE_NEEDS[m]?.includes(module));
}

/** The driver that a module registers on the PCI bus, or null. */
function moduleDriver(state: SimulatedState, module: string): string | null {
  if (module === 'vfio_pci') return 'vfio-pci';
  return state.board.functions.find((f) => f.driver?.module === module)?.driver?.name ?? null;
}

export function moduleKnown(state: SimulatedState, module: string): boolean {
  return module in MODULE_NEEDS || module === 'vfio' || moduleDriver(state, module) !== null;
}

/** Drivers that are registered on the PCI bus: built in, or their module is loaded. */
export function driversRegistered(state: SimulatedState): string[] {
  const native = state.board.functions.flatMap((f) =>
    f.driver && (f.driver.module === null || state.kernel.modules.includes(f.driver.module))
      ? [f.driver.name]
      : [],
  );
  const vfio = state.kernel.modules.includes('vfio_pci') ? ['vfio-pci'] : [];
  return [...new Set([...native, ...vfio])].sort();
}

export function moduleLoad(state: SimulatedState, module: string): void {
  if (state.kernel.modules.includes(module)) return;
  for (const below of MODULE_NEEDS[module] ?? []) moduleLoad(state, below);
  state.kernel.modules.push(module);
  if (module === 'vfio') kernelLog(state, 'VFIO - User Level meta-driver version: 0.3');
  for (const fn of state.board.functions) {
    if (fn.driver?.module === module && !(fn.address in state.kernel.drivers)) driverProbe(state, fn.address);
  }
}

/** False when it is in use: a guest holds one of its functions, or another module needs it. */
export function moduleUnload(state: SimulatedState, module: string): boolean {
  const driver = moduleDriver(state, module);
  const bound = Object.entries(state.kernel.drivers).filter(([, d]) => d === driver);
  if (moduleHolders(state, module).length > 0) return false;
  if (
    module.startsWith('vfio') &&
    state.guests.some((g) => g.live && Object.keys(g.live.lentAt).length > 0)
  ) {
    return false;
  }
  for (const [address] of bound) driverUnbind(state, address);
  state.kernel.modules = state.kernel.modules.filter((m) => m !== module);
  return true;
}

/** The running guest whose QEMU holds the function's IOMMU group open. */
export function groupHolder(state: SimulatedState, fn: BoardFunction): string | null {
  if (!state.kernel.iommu || fn.group === null) return null;
  const holds = (address: string): boolean => boardFunctionAt(state.board, address)?.group === fn.group;
  return state.guests.find((g) => g.live && Object.keys(g.live.lentAt).some(holds))?.name ?? null;
}

/** A write to `drivers_probe`: the override names the one driver that may have it, else its own driver takes it. */
export function driverProbe(state: SimulatedState, address: string): Errno {
  const fn = boardFunctionAt(state.board, address);
  if (!fn) return 'ENODEV';
  const wanted = state.kernel.overrides[address] ?? fn.driver?.name;
  if (address in state.kernel.drivers || wanted === undefined) return null;
  deviceLocked(state, address);
  if (!driversRegistered(state).includes(wanted)) return null;
  const error = driverAttach(state, fn, wanted);
  // A probe that fails lets the next driver try its luck, and the write succeeds; a group that is owned by a user of
  // vfio fails before the probe (dma_configure), and that is handed on.
  return error === 'EINVAL' && groupHolder(state, fn) === null ? null : error;
}

/** A write to `bind`: unlike `drivers_probe` it hands the probe's error on. */
export function driverBind(state: SimulatedState, address: string, driver: string): Errno {
  const fn = boardFunctionAt(state.board, address);
  if (!fn) return 'ENODEV';
  const override = state.kernel.overrides[address];
  // vfio-pci has no ids of its own: without an override it matches nothing.
  if ((override ?? fn.driver?.name) !== driver) return 'ENODEV';
  deviceLocked(state, address);
  if (address in state.kernel.drivers) return 'EBUSY';
  return driverAttach(state, fn, driver);
}

/** Throws `DeviceStuck` where the driver never comes back from it; its link in sysfs goes before all else. */
export function driverUnbind(state: SimulatedState, address: string): void {
  deviceLocked(state, address);
  const driver = state.kernel.drivers[address];
  delete state.kernel.drivers[address];
  if (state.board.breakage.stuckUnbind === address && driver !== undefined && driver !== 'vfio-pci') {
    throw new DeviceStuck(address);
  }
  const card = state.kernel.cards.indexOf(address);
  if (card >= 0) state.kernel.cards[card] = null;
}

function driverAttach(state: SimulatedState, fn: BoardFunction, driver: string): Errno {
  if (driver === 'vfio-pci') {
    // No group, no vfio; and it takes no bridges (vfio_pci_core_register_device wants a normal header).
    if (!state.kernel.iommu || fn.group === null || fn.secondaryBus !== null) {
      kernelLog(state, `vfio-pci: probe of ${fn.address} failed with error -22`);
      return 'EINVAL';
    }
  } else if (groupHolder(state, fn) !== null) {
    return 'EINVAL';
  } else if (driver !== fn.driver?.name) {
    return 'ENODEV';
  }
  state.kernel.drivers[fn.address] = driver;
  if (fn.sound && driver === fn.driver?.name) cardAppears(state, fn);
  return null;
}

function cardAppears(state: SimulatedState, fn: BoardFunction): void {
  const free = state.kernel.cards.indexOf(null);
  const card = free < 0 ? state.kernel.cards.length : free;
  state.kernel.cards[card] = fn.address;
  const { module, chip, pin, out } = fn.sound!.codec;
  const line = (text: string): void => kernelLog(state, `snd_hda_codec_${module} hdaudioC${card}D0: ${text}`);
  line(`autoconfig for ${chip}: line_outs=1 (${pin}/0x0/0x0/0x0/0x0) type:${out}`);
  line('   speaker_outs=0 (0x0/0x0/0x0/0x0/0x0)');
  line('   hp_outs=0 (0x0/0x0/0x0/0x0/0x0)');
  line('   mono: mono_out=0x0');
  line('   inputs:');
}
