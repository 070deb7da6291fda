import { driverIsVfio } from '../facts/driver.ts';
import type { PciFunction } from '../facts/snapshot.ts';
import { addressShort } from '../model/address.ts';

/** A short word for what a function is, by the base and sub class of the PCI Code and ID Assignment specification. */
const WORDS: Readonly<Record<string, string>> = {
  '01': 'storage',
  '0101': 'IDE',
  '0104': 'RAID',
  '0106': 'SATA',
  '0107': 'SAS',
  '0108': 'NVMe',
  '02': 'NIC',
  '03': 'GPU',
  '04': 'multimedia',
  '0400': 'video',
  '0401': 'audio',
  '0403': 'audio',
  '05': 'memory controller',
  '06': 'bridge',
  '0600': 'host bridge',
  '0601': 'ISA bridge',
  '0604': 'PCI bridge',
  '07': 'communication controller',
  '08': 'system peripheral',
  '0c03': 'USB',
  '0c05': 'SMBus',
  '0c07': 'IPMI',
  '0d': 'wireless',
};

export function functionWord(fn: PciFunction): string {
  return WORDS[fn.class.slice(0, 4)] ?? WORDS[fn.class.slice(0, 2)] ?? `class ${fn.class.slice(0, 4)}`;
}

/** `00:1b.1 (NIC)` */
export function functionLabel(fn: PciFunction): string {
  return `${addressShort(fn.address)} (${functionWord(fn)})`;
}

/** Multimedia controllers: sound, video capture, and the like. */
export function isMultimedia(fn: PciFunction): boolean {
  return fn.class.startsWith('04');
}

/**
 * Functions that the machine itself runs on, though their header says endpoint: the LPC or eSPI bridge with the
 * firmware's devices behind it, SMBus with sensors and memory modules, memory controllers, timers and interrupt
 * controllers, and the management controller (Intel's has the class of a communication controller, and mei_me).
 */
export function isPlatform(fn: PciFunction): boolean {
  return fn.driver === 'mei_me' || ['05', '06', '08', '0c05', '0c07'].some((c) => fn.class.startsWith(c));
}

/**
 * Drivers that leave a function's DMA to user space, so that the kernel still takes its group for viable: the vfio
 * drivers, and pci-stub, which claims a function and does nothing with it.
 */
export function isPassthroughDriver(driver: string): boolean {
  return driver === 'pci-stub' || driverIsVfio(driver);
}
