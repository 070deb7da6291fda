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
  '0502': 'CXL memory',
  '06': 'bridge',
  '0600': 'host bridge',
  '0601': 'ISA bridge',
  '0604': 'PCI bridge',
  '07': 'communication controller',
  '0700': 'serial port',
  '08': 'system peripheral',
  '0805': 'SD reader',
  '0806': 'IOMMU',
  '09': 'input controller',
  '0b40': 'co-processor',
  '0c00': 'FireWire',
  '0c03': 'USB',
  '0c05': 'SMBus',
  '0c07': 'IPMI',
  '0c80': 'serial bus controller',
  '0d': 'wireless',
  '10': 'crypto engine',
  '11': 'signal processing',
  '1101': 'performance counters',
  '12': 'accelerator',
};

export function functionWord(fn: PciFunction): string {
  return WORDS[fn.class.slice(0, 4)] ?? WORDS[fn.class.slice(0, 2)] ?? `class ${fn.class.slice(0, 4)}`;
}

/** `00:1b.1 (NIC)` */
export function functionLabel(fn: PciFunction): string {
  return `${addressShort(fn.address)} (${functionWord(fn)})`;
}

/**
 * Drivers that leave a function's DMA to user space, so that the kernel still takes its group for viable: the vfio
 * drivers, and pci-stub, which claims a function and does nothing with it.
 */
export function isPassthroughDriver(driver: string): boolean {
  return driver === 'pci-stub' || driverIsVfio(driver);
}
