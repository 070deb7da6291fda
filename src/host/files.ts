import { closeSync, constants, openSync, readdirSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import type { Reading } from './host.ts';

const READ_MAX = 1024 * 1024;
/** Shared: reads are synchronous, and never inside one another. */
const scratch = Buffer.allocUnsafe(64 * 1024);

export function fileReadBytes(path: string, maxBytes = READ_MAX, flags = 0): Reading<Uint8Array> {
  return reading(() => {
    // Without O_NONBLOCK opening a pipe that nobody writes to would wait for ever.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    try {
      return readUpTo(fd, maxBytes);
    } finally {
      closeSync(fd);
    }
  });
}

export function fileRead(path: string, maxBytes?: number, flags?: number): Reading<string> {
  const bytes = fileReadBytes(path, maxBytes, flags);
  return bytes.state === 'read' ? { state: 'read', value: Buffer.from(bytes.value).toString('utf8') } : bytes;
}

export function fileList(path: string): Reading<string[]> {
  return reading(() => readdirSync(path).sort());
}

export function fileLink(path: string): Reading<string> {
  return reading(() => readlinkSync(path));
}

export function fileReal(path: string): Reading<string> {
  return reading(() => realpathSync.native(path));
}

function readUpTo(fd: number, maxBytes: number): Uint8Array {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < maxBytes) {
    const count = readSync(fd, scratch, 0, Math.min(scratch.length, maxBytes - length), null);
    if (count === 0) break;
    chunks.push(Buffer.from(scratch.subarray(0, count)));
    length += count;
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** The words of strerror(3), where a person meets them; other errors by their code. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EIO: 'input/output error',
  EINVAL: 'invalid argument',
};

function reading<T>(read: () => T): Reading<T> {
  try {
    return { state: 'read', value: read() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'absent' };
    return { state: 'unreadable', why: WORDS[code ?? ''] ?? code ?? message };
  }
}
