/** The Device Serial Number of PCI Express (base specification 7.9.3): of network cards it is the MAC address. */
const SERIAL_NUMBER = 0x0003;
const EXTENDED = 0x100;
/** The Hard Drive node of an EFI device path: type, subtype and length stand before a GUID 20 bytes later. */
const HARD_DRIVE = /\x04\x01\x2a\x00/g;

/** A file that is no text, in base64: what identities it may hold, by where it stands. */
export function bytesRedact(path: string, base64: string, text: (t: string) => string): string {
  const bytes = Buffer.from(base64, 'base64');
  if (path.endsWith('/config')) serialNumberClear(bytes);
  if (/\/efivars\/[^/]+$/.test(path)) return variableRedact(bytes, text).toString('base64');
  return bytes.toString('base64');
}

function serialNumberClear(bytes: Buffer): void {
  let at = EXTENDED;
  for (let steps = 0; at >= EXTENDED && at + 12 <= bytes.length && steps < 480; steps++) {
    const header = bytes.readUInt32LE(at);
    if ((header & 0xffff) === SERIAL_NUMBER) bytes.fill(0, at + 4, at + 12);
    at = (header >>> 20) & 0xffc;
  }
}

/** Texts in a firmware variable are UTF-16, and a partition's GUID is bytes. */
function variableRedact(bytes: Buffer, text: (t: string) => string): Buffer {
  for (const match of bytes.toString('latin1').matchAll(HARD_DRIVE)) {
    const at = match.index + 24;
    if (at + 16 <= bytes.length) guidBytes(text(guidText(bytes.subarray(at, at + 16)))).copy(bytes, at);
  }
  // Attributes come first, and are no characters.
  const rest = bytes.subarray(4).toString('utf16le');
  const odd = bytes.subarray(4 + rest.length * 2);
  return Buffer.concat([bytes.subarray(0, 4), Buffer.from(text(rest), 'utf16le'), odd]);
}

/** The first three parts of a GUID are little-endian. */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

function guidText(bytes: Uint8Array): string {
  const hex = ORDER.map((i) => bytes[i]!.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function guidBytes(guid: string): Buffer {
  const hex = Buffer.from(guid.replaceAll('-', ''), 'hex');
  return Buffer.from(ORDER.map((i) => hex[i]!));
}
