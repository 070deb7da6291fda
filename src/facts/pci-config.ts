import type { Capabilities } from './snapshot.ts';

/** Capability ids (PCI Local Bus 3.0 appendix H, PCIe base specification 7.9). */
const PM = 0x01;
const MSI = 0x05;
const PCIE = 0x10;
const MSIX = 0x11;
const AF = 0x13;
const EXTENDED_ACS = 0x000d;
const EXTENDED_SRIOV = 0x0010;

const STANDARD_END = 0x100;

/** Device/port type, bits 7:4 of the PCIe capabilities register. */
const PCIE_TYPES: Readonly<Record<number, string>> = {
  0: 'endpoint',
  1: 'legacy endpoint',
  4: 'root port',
  5: 'upstream port',
  6: 'downstream port',
  7: 'PCIe-to-PCI bridge',
  8: 'PCI-to-PCIe bridge',
  9: 'root complex integrated endpoint',
  10: 'root complex event collector',
};

/** Bits of the ACS control register: what is enabled, not what could be. */
const ACS_CONTROLS = [
  'source validation',
  'translation blocking',
  'request redirect',
  'completion redirect',
  'upstream forwarding',
  'egress control',
  'direct translated',
] as const;

/**
 * What a function's configuration space says of it. Without root the kernel gives the first 64 bytes, which hold no
 * capability: then null. The extended space (4,096 bytes) may be missing below a bridge that does not pass it; keys
 * that come from there are missing then, and null or false where conventional PCI has none.
 */
export function capabilitiesOf(config: Uint8Array): Capabilities | null {
  if (config.length < STANDARD_END) return null;
  const bytes = new DataView(config.buffer, config.byteOffset, config.byteLength);
  const headerType = bytes.getUint8(0x0e) & 0x7f;
  const allOnes = config.subarray(0, 0x40).every((byte) => byte === 0xff);
  const at = allOnes ? new Map<number, number>() : standard(bytes, headerType);

  const pcie = at.get(PCIE);
  const pm = at.get(PM);
  const af = at.get(AF);
  return {
    flr: pcie !== undefined && (bytes.getUint32(pcie + 4, true) & (1 << 28)) !== 0,
    // Both bits: transactions pending can be seen, and the reset exists.
    afFlr: af !== undefined && (bytes.getUint8(af + 3) & 0x03) === 0x03,
    pm: pm !== undefined,
    pmReset: pm !== undefined && (bytes.getUint16(pm + 4, true) & 0x0008) === 0,
    msi: at.has(MSI),
    msix: at.has(MSIX),
    pcieType: pcie === undefined ? null : pcieType(bytes.getUint16(pcie + 2, true)),
    allOnes,
    headerType,
    interruptPin: allOnes ? 0 : bytes.getUint8(0x3d),
    ...extendedKeys(bytes, pcie !== undefined),
  };
}

function pcieType(flags: number): string {
  const type = (flags >> 4) & 0xf;
  return PCIE_TYPES[type] ?? `type ${type}`;
}

/** Capability id to its offset; the first of a kind counts. */
function standard(bytes: DataView, headerType: number): Map<number, number> {
  const at = new Map<number, number>();
  const hasList = (bytes.getUint16(0x06, true) & 0x10) !== 0;
  // CardBus bridges keep the pointer elsewhere.
  let next = hasList ? bytes.getUint8(headerType === 2 ? 0x14 : 0x34) & 0xfc : 0;
  // Capabilities begin past the header and fill at least four bytes; a list that is longer runs in a circle.
  for (let steps = 0; next >= 0x40 && next <= 0xf8 && steps < 48; steps += 1) {
    const id = bytes.getUint8(next);
    if (!at.has(id)) at.set(id, next);
    next = bytes.getUint8(next + 1) & 0xfc;
  }
  return at;
}

function extendedKeys(bytes: DataView, express: boolean): Pick<Capabilities, 'acs' | 'sriov'> {
  if (!express) return { acs: null, sriov: false };
  if (bytes.byteLength <= STANDARD_END) return {};
  const at = extended(bytes);
  const acs = at.get(EXTENDED_ACS);
  const control = acs === undefined ? 0 : bytes.getUint16(acs + 6, true);
  return {
    acs: acs === undefined ? null : ACS_CONTROLS.filter((_, bit) => (control & (1 << bit)) !== 0),
    sriov: at.has(EXTENDED_SRIOV),
  };
}

function extended(bytes: DataView): Map<number, number> {
  const at = new Map<number, number>();
  let next = STANDARD_END;
  for (let steps = 0; next >= STANDARD_END && next + 8 <= bytes.byteLength && steps < 480; steps += 1) {
    const header = bytes.getUint32(next, true);
    if (header === 0 || header === 0xffffffff) break;
    if (!at.has(header & 0xffff)) at.set(header & 0xffff, next);
    next = (header >>> 20) & 0xffc;
  }
  return at;
}
