import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { deadlineIn, runOk } from '../process.ts';

/**
 * The ELF kernel inside a bzImage (Documentation/arch/x86/boot.rst: setup_sects at 0x1f1, payload_offset at 0x248,
 * payload_length at 0x24c). QEMU boots it by its PVH note, so that the decompressor, slow under TCG, never runs.
 */
export async function kernelUncompressed(bzImage: Buffer): Promise<Buffer> {
  const setupSectors = bzImage.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c));
  const elf = await payloadUnpacked(payload);
  if (elf.toString('latin1', 0, 4) !== '\x7fELF') throw new Error('the kernel image holds no ELF file');
  return elf;
}

async function payloadUnpacked(payload: Buffer): Promise<Buffer> {
  const magic = payload.subarray(0, 6).toString('hex');
  // All but gzip are followed by four bytes that give the size (scripts/Makefile.lib, size_append).
  const bare = payload.subarray(0, payload.length - 4);
  if (magic === 'fd377a585a00') {
    return runOk(['xz', '-dc', '--single-stream'], { deadline: deadlineIn(60), input: payload });
  }
  if (magic.startsWith('28b52ffd')) return zstdDecompressSync(bare);
  if (magic.startsWith('1f8b')) return gunzipSync(payload);
  throw new Error(`the kernel is compressed in a way that the rig does not know (starts with ${magic})`);
}

const programHeaderSize = 56;

/** Drops the zeros at the end of each loaded segment (.bss, .brk) and the section headers: 63 MB become 40 MB to load. */
export function kernelTrimmed(elf: Buffer): Buffer {
  const trimmed = Buffer.from(elf);
  const table = Number(trimmed.readBigUInt64LE(32));
  let end = 0;
  for (let index = 0; index < trimmed.readUInt16LE(56); index += 1) {
    const header = table + index * programHeaderSize;
    const loaded = trimmed.readUInt32LE(header) === 1;
    if (!loaded) continue;
    const offset = Number(trimmed.readBigUInt64LE(header + 8));
    const fileSize = Number(trimmed.readBigUInt64LE(header + 32));
    let used = fileSize;
    while (used > 0 && trimmed[offset + used - 1] === 0) used -= 1;
    const kept = Math.min((used + 4095) & ~4095, fileSize);
    trimmed.writeBigUInt64LE(BigInt(kept), header + 32);
    end = Math.max(end, offset + kept);
  }
  trimmed.writeBigUInt64LE(0n, 40);
  trimmed.fill(0, 58, 64);
  return trimmed.subarray(0, end);
}
