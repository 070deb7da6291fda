import { closeSync, constants, openSync, readdirSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import type { Reading } from './host.ts';

const READ_MAX = 1024 * 1024;
/** Shared: reads are synchronous, and never inside one another. */
const scratch = Buffer.allocUnsafe(64 * 1024);

export function fileReadBytes(path: string, maxBytes = READ_MAX, flags = 0): Reading<Uint8Array> {
  return reading(() => new Uint8Array(readUpTo(path, maxBytes, flags)));
}

export function fileRead(path: string, maxBytes = READ_MAX, flags = 0): Reading<string> {
  return reading(() => readUpTo(path, maxBytes, flags).toString('utf8'));
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

/** To be copied or decoded before the next file is read. */
function readUpTo(path: string, maxBytes: number, flags: number): Buffer {
  // Without O_NONBLOCK opening a pipe that nobody writes to would wait for ever.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    let buffer: Buffer = scratch;
    for (let length = 0; ; ) {
      if (length === buffer.length && length < maxBytes)
        buffer = Buffer.concat([buffer], Math.min(maxBytes, length * 2));
      const room = Math.min(buffer.length, maxBytes) - length;
      const count = room > 0 ? readSync(fd, buffer, length, room, null) : 0;
      if (count === 0) return buffer.subarray(0, length);
      length += count;
    }
  } finally {
    closeSync(fd);
  }
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
