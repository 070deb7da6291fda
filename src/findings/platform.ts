/** Functions that the machine itself runs on, though most of them have the header of an endpoint. */
import type { PciFunction } from '../facts/snapshot.ts';
import { isPassthroughDriver } from './function-word.ts';

/** One kind of them: how it is known, and what the host is without when a guest has it. */
export interface PlatformPart {
  readonly loss: string;
  /** No words lend it: the host would stop, or its firmware could be overwritten. */
  readonly never: boolean;
}

interface PlatformKind extends PlatformPart {
  readonly is: (fn: PciFunction) => boolean;
}

const classed =
  (...codes: readonly string[]) =>
  (fn: PciFunction): boolean =>
    codes.some((code) => fn.class.startsWith(code));

/** The host drives it, and has not set it apart for a guest. */
function isDriven(fn: PciFunction): boolean {
  return fn.driver !== null && !isPassthroughDriver(fn.driver);
}

const driven =
  (...drivers: readonly string[]) =>
  (fn: PciFunction): boolean =>
    fn.driver !== null && drivers.includes(fn.driver);

/** Intel's chipsets have the SPI controller in the slot of the LPC bridge, often without a driver. */
function isFirmwareFlash(fn: PciFunction): boolean {
  return (
    driven('intel-spi')(fn) ||
    (fn.vendor === '8086' && fn.class.startsWith('0c80') && /^0000:00:1f\./.test(fn.address))
  );
}

/** The screen that a server's management controller shows over the network: ASPEED's, or Matrox' G200e and later. */
function isManagementScreen(fn: PciFunction): boolean {
  return fn.class.startsWith('03') && (fn.vendor === '1a03' || driven('ast', 'mgag200')(fn));
}

/** Intel's chipsets have it in this slot, also while no driver cares for it. */
function isManagementEngine(fn: PciFunction): boolean {
  const inSlot = fn.vendor === '8086' && fn.class.startsWith('0780') && /^0000:00:16\./.test(fn.address);
  return inSlot || driven('mei_me', 'mei_txe')(fn);
}

/** It makes and ends the tunnels by which PCIe reaches a dock; before USB4 its class is that of a system peripheral. */
function isTunnelController(fn: PciFunction): boolean {
  return fn.class === '0c0340' || driven('thunderbolt')(fn);
}

/** What the machine around a virtual one gives it: the device id of virtio is 1040 and its kind (virtio 1.2, 5). */
const virtual =
  (...ids: readonly string[]) =>
  (fn: PciFunction): boolean =>
    fn.vendor === '1af4' && ids.includes(fn.device) && isDriven(fn);

/** Classes by the PCI Code and ID Assignment specification, drivers by their names in the kernel; the first one holds. */
const KINDS: readonly PlatformKind[] = [
  { is: classed('0600'), never: true, loss: 'it joins processor, memory and PCI' },
  {
    is: classed('0601', '0602', '0603'),
    never: true,
    loss: 'firmware, clock, interrupts and power management of the machine are behind it',
  },
  { is: classed('06'), never: false, loss: 'what is behind it is reached through it alone' },
  {
    is: (fn) => classed('0806')(fn) || virtual('1057')(fn),
    never: true,
    loss: 'it is what keeps each device inside its guest',
  },
  { is: classed('0800'), never: true, loss: "other devices' interrupts arrive through it" },
  { is: isFirmwareFlash, never: true, loss: 'whoever has it can overwrite the firmware' },
  {
    is: (fn) => (classed('0502')(fn) && isDriven(fn)) || virtual('1058', '105b')(fn),
    never: true,
    loss: 'the host may have its own memory on it',
  },
  { is: classed('05'), never: false, loss: 'memory that chipset and firmware use is on it' },
  {
    is: isTunnelController,
    never: false,
    loss: 'disks, network, screens and keyboards on Thunderbolt or USB4 docks are reached through it',
  },
  // 0805 is an SD host controller: a disk like others.
  {
    is: (fn) => classed('08')(fn) && !classed('0805')(fn),
    never: false,
    loss: 'timers, DMA engines and error reports of the machine are of this class',
  },
  {
    is: classed('0c05'),
    never: false,
    loss: 'sensors, fans and the descriptions of the memory modules are read through it',
  },
  {
    is: classed('0c07'),
    never: false,
    loss: 'the management controller is reached through it: sensors, watchdog, remote power',
  },
  {
    is: isManagementScreen,
    never: false,
    loss: 'the management controller shows its screen to whoever looks from afar',
  },
  {
    is: isManagementEngine,
    never: false,
    loss: 'the management engine is reached through it: remote management, and updates of the firmware',
  },
  {
    is: driven('proc_thermal', 'proc_thermal_pci', 'intel_pch_thermal'),
    never: false,
    loss: 'the temperature and power limits of the machine are kept through it',
  },
  {
    is: (fn) => classed('1101')(fn) || driven('intel_vsec')(fn),
    never: false,
    loss: "the processor's counters and telemetry are read through it",
  },
  {
    is: (fn) => driven('ccp')(fn) || (fn.vendor === '1022' && classed('1080')(fn)),
    never: false,
    loss: "it is the processor's security processor: firmware TPM, random numbers, encryption of guests (SEV)",
  },
];

export function platformPart(fn: PciFunction): PlatformPart | null {
  return KINDS.find(({ is }) => is(fn)) ?? null;
}

/**
 * The module whose reference count says that somebody encrypts or compresses with the function. The algorithms of all
 * QuickAssist drivers are registered by one module (drivers/crypto/intel/qat/qat_common).
 */
export function cryptoModule(fn: PciFunction): string | null {
  if (fn.driver === null || !isDriven(fn)) return null;
  if (/^(4xxx|420xx|c3xxx|c4xxx|c6xx|dh895xcc)(vf)?$/.test(fn.driver)) return 'intel_qat';
  return classed('10')(fn) ? fn.driver.replaceAll('-', '_') : null;
}
