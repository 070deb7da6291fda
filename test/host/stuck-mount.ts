import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, read, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const INIT = 26;
const REQUEST_MAX = 1024 * 1024;

/**
 * A directory of a file system whose server takes every request and answers none (FUSE, spoken by hand). Who opens a
 * file in it sleeps in the kernel; once killed, uninterruptibly, since its request has been taken (request_wait_answer
 * in fs/fuse/dev.c). It is as stuck as a device can make it, and freed when the test ends. Needs root.
 */
export function stuckDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'vfioctl-stuck-'));
  const fd = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
  const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'stuck', directory], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
    encoding: 'utf8',
  });
  assert.equal(mounted.status, 0, mounted.stderr);
  serve(fd);
  t.after(() => {
    // By force: whoever waits is told that there is no server any more. Lazily: they need a moment to go.
    spawnSync('umount', ['-f', directory]);
    spawnSync('umount', ['-l', directory]);
    closeSync(fd);
    rmdirSync(directory);
  });
  return directory;
}

/** Answers the greeting, and takes whatever comes then. */
function serve(fd: number): void {
  const buffer = Buffer.alloc(REQUEST_MAX);
  read(fd, buffer, 0, buffer.length, null, (error) => {
    // ENODEV: it has been unmounted.
    if (error) return;
    if (buffer.readUInt32LE(4) === INIT) {
      const answer = Buffer.alloc(16 + 64);
      answer.writeUInt32LE(answer.length, 0);
      buffer.copy(answer, 8, 8, 16);
      // Version 7.31, and requests of one page.
      answer.writeUInt32LE(7, 16);
      answer.writeUInt32LE(31, 20);
      answer.writeUInt32LE(4096, 36);
      writeSync(fd, answer);
    }
    serve(fd);
  });
}
