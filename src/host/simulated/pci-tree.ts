import type { Tree } from '../tree.ts';
import { type BoardFunction, boardFunctionPath } from './board.ts';
import { configSpace } from './config-space.ts';
import { interruptVector } from './interrupts.ts';
import { driversRegistered, groupHolder } from './kernel.ts';
import type { SimulatedState } from './state.ts';

/** A link's target is relative in sysfs; links here are only ever made below /sys. */
export function linkTo(tree: Tree, path: string, target: string): void {
  const from = path.split('/').slice(1, -1);
  const to = target.split('/').slice(1);
  let common = 0;
  while (common < from.length && from[common] === to[common]) common += 1;
  tree.setLink(path, [...from.slice(common).map(() => '..'), ...to.slice(common)].join('/'));
}

/** /sys/bus/pci, /sys/devices/pci…, IOMMU groups and units, as the kernel shows them for this state. */
export function pciTree(tree: Tree, state: SimulatedState): void {
  tree.setFile('/sys/bus/pci/drivers_probe', '');
  tree.setDirectory('/sys/bus/pci/slots');
  tree.setDirectory('/sys/kernel/iommu_groups');
  tree.setDirectory('/sys/class/iommu');
  for (const driver of driversRegistered(state)) {
    tree.setFile(`/sys/bus/pci/drivers/${driver}/bind`, '');
    tree.setFile(`/sys/bus/pci/drivers/${driver}/unbind`, '');
  }
  for (const fn of state.board.functions) functionTree(tree, state, fn);
  if (state.kernel.iommu) iommuTree(tree, state);
}

function functionTree(tree: Tree, state: SimulatedState, fn: BoardFunction): void {
  const { board, kernel } = state;
  const path = boardFunctionPath(board, fn.address);
  const driver = kernel.drivers[fn.address];
  const vector = interruptVector(state, fn);
  const put = (name: string, text: string): void => tree.setFile(`${path}/${name}`, `${text}\n`);

  put('vendor', `0x${fn.vendor}`);
  put('device', `0x${fn.device}`);
  put('class', `0x${fn.class}`);
  put('revision', `0x${fn.revision}`);
  put('subsystem_vendor', `0x${fn.subsystemVendor}`);
  put('subsystem_device', `0x${fn.subsystemDevice}`);
  put('irq', String(vector?.irq ?? fn.line));
  if (vector?.msi) put(`msi_irqs/${vector.irq}`, 'msi');
  put('resource', resourceText(fn));
  put('numa_node', '-1');
  put('driver_override', kernel.overrides[fn.address] ?? '(null)');
  put('enable', driver === undefined ? '0' : '1');
  if (fn.resetMethods.length > 0) put('reset_method', fn.resetMethods.join(' '));
  if (fn.class.startsWith('0300')) put('boot_vga', fn.bootVga ? '1' : '0');
  if (fn.secondaryBus !== null) {
    put('secondary_bus_number', String(fn.secondaryBus));
    put('subordinate_bus_number', String(fn.secondaryBus));
  }
  // vfio-pci lets a function sleep while nobody has it open; D3hot needs the power management capability.
  const asleep = driver === 'vfio-pci' && groupHolder(state, fn) === null;
  put('power/runtime_status', asleep ? 'suspended' : 'active');
  put('power/control', asleep ? 'auto' : 'on');
  put('power_state', asleep && fn.pm ? 'D3hot' : 'D0');
  const device = fn.address.slice(0, -1);
  tree.setFile(
    `${path}/config`,
    configSpace(
      fn,
      board.functions.some((f) => f !== fn && f.address.startsWith(device)),
    ),
  );
  const big = (digits: string): string => digits.toUpperCase();
  const ids = `v0000${big(fn.vendor)}d0000${big(fn.device)}sv0000${big(fn.subsystemVendor)}sd0000${big(fn.subsystemDevice)}`;
  const [base, sub, face] = [fn.class.slice(0, 2), fn.class.slice(2, 4), fn.class.slice(4)].map(big);
  put('modalias', `pci:${ids}bc${base}sc${sub}i${face}`);
  put(
    'uevent',
    [
      ...(driver === undefined ? [] : [`DRIVER=${driver}`]),
      `PCI_CLASS=${fn.class.replace(/^0+/, '').toUpperCase()}`,
      `PCI_ID=${fn.vendor}:${fn.device}`.toUpperCase(),
      `PCI_SUBSYS_ID=${fn.subsystemVendor}:${fn.subsystemDevice}`.toUpperCase(),
      `PCI_SLOT_NAME=${fn.address}`,
    ].join('\n'),
  );
  linkTo(tree, `${path}/subsystem`, '/sys/bus/pci');
  linkTo(tree, `/sys/bus/pci/devices/${fn.address}`, path);
  if (driver === undefined) return;
  linkTo(tree, `${path}/driver`, `/sys/bus/pci/drivers/${driver}`);
  linkTo(tree, `/sys/bus/pci/drivers/${driver}/${fn.address}`, path);
}

/** Thirteen lines for an endpoint (six BARs, ROM, SR-IOV), four more for a bridge's windows. */
function resourceText(fn: BoardFunction): string {
  const hex = (n: number): string => `0x${n.toString(16).padStart(16, '0')}`;
  const lines = Array.from(
    { length: fn.secondaryBus === null ? 13 : 17 },
    () => `${hex(0)} ${hex(0)} ${hex(0)}`,
  );
  for (const bar of fn.bars) {
    // IORESOURCE_IO or _MEM with _PREFETCH and _MEM_64, and the low bits of the register itself.
    const flags =
      bar.kind === 'io' ? 0x40101 : 0x40200 + (bar.prefetchable ? 0x2008 : 0) + (bar.wide ? 0x100004 : 0);
    lines[bar.index] = `${hex(bar.start)} ${hex(bar.start + bar.bytes - 1)} ${hex(flags)}`;
  }
  return lines.join('\n');
}

/** Units of the how-to's machine; their capability registers have bit 59 (posted interrupts) clear. */
const INTEL_UNITS = [
  { name: 'dmar0', cap: 'c0000020e60262', ecap: 'f0101a' },
  { name: 'dmar1', cap: 'c9008020660262', ecap: 'f0105a' },
] as const;

function iommuTree(tree: Tree, state: SimulatedState): void {
  const { board } = state;
  // The first of two units is the graphics' own; a machine without graphics has one.
  const graphics = board.functions.some((f) => f.class.startsWith('0300'));
  const units: readonly { name: string; cap: string | null; ecap: string }[] =
    board.firmware.iommu === 'amd'
      ? [{ name: 'ivhd0', cap: null, ecap: '' }]
      : graphics
        ? INTEL_UNITS
        : INTEL_UNITS.slice(0, 1);
  for (const unit of units) {
    const path = `/sys/devices/virtual/iommu/${unit.name}`;
    if (unit.cap === null) tree.setFile(`${path}/amd-iommu/cap`, '0x0\n');
    else {
      tree.setFile(`${path}/intel-iommu/cap`, `${unit.cap}\n`);
      tree.setFile(`${path}/intel-iommu/ecap`, `${unit.ecap}\n`);
    }
    linkTo(tree, `/sys/class/iommu/${unit.name}`, path);
  }
  for (const fn of board.functions) {
    if (fn.group === null) continue;
    const group = `/sys/kernel/iommu_groups/${fn.group}`;
    const path = boardFunctionPath(board, fn.address);
    linkTo(tree, `${path}/iommu_group`, group);
    linkTo(tree, `${group}/devices/${fn.address}`, path);
    linkTo(
      tree,
      `${path}/iommu`,
      `/sys/class/iommu/${(fn.class.startsWith('0300') ? units[0] : units.at(-1))!.name}`,
    );
    tree.setFile(`${group}/type`, `${board.kernel.domainType}\n`);
    const reserved = board.functions.filter((f) => f.group === fn.group).flatMap((f) => f.reserved);
    const lines = [...reserved, { start: 0xfee00000, end: 0xfeefffff, type: 'msi' }].map((r) => {
      const hex = (n: number): string => `0x${n.toString(16).padStart(16, '0')}`;
      return `${hex(r.start)} ${hex(r.end)} ${r.type}\n`;
    });
    tree.setFile(`${group}/reserved_regions`, lines.join(''));
  }
}
