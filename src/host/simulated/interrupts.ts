import { addressParse } from '../../model/address.ts';
import { type BoardFunction, boardFunctionAt } from './board.ts';
import { guestInterrupts, guestUsesInterrupt } from './guest-life.ts';
import type { SimulatedState } from './state.ts';

export interface InterruptVector {
  readonly irq: number;
  readonly msi: boolean;
  readonly chip: string;
  readonly name: string;
  readonly count: number;
}

/** The first vectors go to the IOMMU's own fault interrupts and the root ports. */
const FIRST_MSI = 26;

/** Which interrupt a function uses now; null while nobody has asked the kernel for one. */
export function interruptVector(state: SimulatedState, fn: BoardFunction): InterruptVector | null {
  const driver = state.kernel.drivers[fn.address];
  if (driver === undefined || fn.pin === 0) return null;
  if (driver !== 'vfio-pci') return vectorOf(state, fn, fn.msi, hostName(state, fn), hostCount(state, fn));
  // vfio asks for the vector only once the guest's driver has switched it on.
  const guest = state.guests.find((g) => g.live && fn.address in g.live.lentAt);
  if (!guest?.live || !guestUsesInterrupt(state, guest, fn.address)) return null;
  const name = fn.guestMsi ? `vfio-msi[0](${fn.address})` : `vfio-intx(${fn.address})`;
  return vectorOf(state, fn, fn.guestMsi, name, guestInterrupts(state, guest, fn.address));
}

function vectorOf(
  state: SimulatedState,
  fn: BoardFunction,
  msi: boolean,
  name: string,
  count: number,
): InterruptVector {
  const remapped = state.kernel.remapping ? 'IR-' : '';
  if (!msi) return { irq: fn.line, msi, chip: `${remapped}IO-APIC  ${fn.line}-fasteoi`, name, count };
  const irq = FIRST_MSI + state.board.functions.indexOf(fn);
  const { bus, slot, function: number } = addressParse(fn.address)!;
  const chip = state.board.kernel.msiPerFunction
    ? `${remapped}PCI-MSI-${fn.address}   0-edge`
    : `${remapped}PCI-MSI ${((bus << 8) | (slot << 3) | number) << 11}-edge`;
  return { irq, msi, chip, name, count };
}

function hostName(state: SimulatedState, fn: BoardFunction): string {
  const driver = state.kernel.drivers[fn.address] ?? '';
  if (fn.sound) return `snd_hda_intel:card${state.kernel.cards.indexOf(fn.address)}`;
  if (fn.network) return fn.network.name;
  if (fn.secondaryBus !== null) return 'PCIe PME';
  return driver === 'ahci' ? `ahci[${fn.address}]` : driver.replace('-pci', '_hcd:usb1');
}

function hostCount(state: SimulatedState, fn: BoardFunction): number {
  if (fn.sound) return state.board.breakage.noInterrupts ? 0 : 75;
  return fn.disk || fn.network?.carrier ? Math.floor((state.clock - state.boot.at) / 20) : 0;
}

/** /proc/interrupts: what is counted is shown on the processor that the vector is steered to. */
export function interruptsText(state: SimulatedState): string {
  const { count: processors } = state.board.cpu;
  const remapped = state.kernel.remapping ? 'IR-' : '';
  const lines = new Map<number, { chip: string; names: string[]; count: number }>([
    [0, { chip: `${remapped}IO-APIC   2-edge`, names: ['timer'], count: 101 }],
    [1, { chip: `${remapped}IO-APIC   1-edge`, names: ['i8042'], count: 9 }],
    [8, { chip: `${remapped}IO-APIC   8-edge`, names: ['rtc0'], count: 1 }],
    [9, { chip: `${remapped}IO-APIC   9-fasteoi`, names: ['acpi'], count: 0 }],
  ]);
  for (const { address } of state.board.functions) {
    const vector = interruptVector(state, boardFunctionAt(state.board, address)!);
    if (!vector) continue;
    const line = lines.get(vector.irq);
    if (line) {
      line.names.push(vector.name);
      line.count += vector.count;
    } else {
      lines.set(vector.irq, { chip: vector.chip, names: [vector.name], count: vector.count });
    }
  }
  const columns = (irq: number, count: number): string =>
    Array.from({ length: processors }, (_, cpu) =>
      String(cpu === irq % processors ? count : 0).padStart(10),
    ).join(' ');
  const head = Array.from({ length: processors }, (_, cpu) => `CPU${cpu}`.padEnd(10)).join(' ');
  const body = [...lines]
    .sort(([a], [b]) => a - b)
    .map(
      ([irq, l]) =>
        `${String(irq).padStart(3)}: ${columns(irq, l.count)}  ${l.chip}      ${l.names.join(', ')}`,
    );
  return [
    `           ${head}`,
    ...body,
    `NMI: ${columns(0, 0)}   Non-maskable interrupts`,
    'ERR:          0',
    '',
  ].join('\n');
}
