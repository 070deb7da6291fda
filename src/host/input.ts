import { randomBytes } from 'node:crypto';
import { constants, existsSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';

/**
 * Text for a child's standard input, as a nameless file that only we can read. A pipe would not do: Node's pipes
 * are sockets, and a tool that opens /dev/stdin by name (`virsh define /dev/stdin`) cannot open a socket (ENXIO).
 * Answers a file descriptor at the start of the text; the caller closes it. In memory where the system has
 * /dev/shm, since the text may hold passwords.
 */
export function inputFile(text: string): number {
  const directory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const path = `${directory}/vfioctl-${randomBytes(8).toString('hex')}`;
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  unlinkSync(path);
  const bytes = Buffer.from(text);
  // At a position, so that the offset which the child inherits stays at the start.
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
  return fd;
}
