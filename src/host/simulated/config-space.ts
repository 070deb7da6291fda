import { addressParse } from '../../model/address.ts';
import type { BoardFunction } from './board.ts';

const PCIE_TYPE = { endpoint: 0x0, 'root-port': 0x4, 'integrated-endpoint': 0x9 } as const;

/** Offsets as Intel's chipsets lay them out: power management at 0x50, MSI at 0x60, PCI Express at 0x70, Advanced Features at 0x98. */
const PM = 0x50;
const MSI = 0x60;
const PCIE = 0x70;
const AF = 0x98;

/**
 * Configuration space as sysfs's `config` shows it: header and a true capability chain, little-endian throughout
 * (PCI Local Bus 3.0, chapter 6). A PCI Express function has 4096 bytes of it; the extended part holds nothing here.
 */
export function configSpace(fn: BoardFunction, multifunction: boolean): Uint8Array {
  const bytes = new Uint8Array(fn.pcie === null ? 256 : 4096);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number): void => view.setUint16(at, value, true);
  const long = (at: number, value: number): void => view.setUint32(at, value, true);
  const bridge = fn.secondaryBus !== null;
  const chain = [
    ...(fn.pm ? [PM] : []),
    ...(fn.msi ? [MSI] : []),
    ...(fn.pcie ? [PCIE] : []),
    ...(fn.afFlr ? [AF] : []),
  ];

  word(0x00, Number.parseInt(fn.vendor, 16));
  word(0x02, Number.parseInt(fn.device, 16));
  word(0x04, 0x0007); // decodes I/O and memory, masters the bus
  word(0x06, chain.length > 0 ? 0x0010 : 0x0000);
  bytes[0x08] = Number.parseInt(fn.revision, 16);
  long(0x08, Number.parseInt(fn.class, 16) * 0x100 + bytes[0x08]);
  bytes[0x0e] = (bridge ? 1 : 0) | (multifunction ? 0x80 : 0);
  for (const bar of fn.bars.filter((b) => b.index < (bridge ? 2 : 6))) {
    const flags = bar.kind === 'io' ? 1 : (bar.wide ? 4 : 0) | (bar.prefetchable ? 8 : 0);
    long(0x10 + 4 * bar.index, (bar.start % 0x1_0000_0000) + flags);
    if (bar.wide) long(0x14 + 4 * bar.index, Math.floor(bar.start / 0x1_0000_0000));
  }
  if (bridge) {
    bytes[0x18] = addressParse(fn.address)?.bus ?? 0;
    bytes[0x19] = bytes[0x1a] = fn.secondaryBus ?? 0;
  } else {
    word(0x2c, Number.parseInt(fn.subsystemVendor, 16));
    word(0x2e, Number.parseInt(fn.subsystemDevice, 16));
  }
  bytes[0x34] = chain[0] ?? 0;
  bytes[0x3c] = fn.pin > 0 ? fn.line : 0xff;
  bytes[0x3d] = fn.pin;

  chain.forEach((at, i) => {
    bytes[at] = { [PM]: 0x01, [MSI]: 0x05, [PCIE]: 0x10, [AF]: 0x13 }[at] ?? 0;
    bytes[at + 1] = chain[i + 1] ?? 0;
    if (at === PM) {
      word(at + 2, 0x0002); // version 2 of the capability
      word(at + 4, fn.resetMethods.includes('pm') ? 0x0000 : 0x0008); // D0; No_Soft_Reset is bit 3
    }
    if (at === MSI) word(at + 2, 0x0081); // enabled, one vector, 64-bit address
    if (at === AF) word(at + 2, 0x0306); // six bytes long; Transactions Pending and FLR
    if (at === PCIE && fn.pcie) {
      word(at + 2, (PCIE_TYPE[fn.pcie] << 4) | 0x1);
      long(at + 4, fn.flr ? 0x1000_0000 : 0); // Function Level Reset is bit 28 of Device Capabilities
    }
  });
  return bytes;
}
