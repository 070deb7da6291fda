import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Failure } from '../failure.ts';
import { directoryExposed, liveDisk } from './disk.ts';
import { durable } from './durable.ts';
import type { Lock } from './host.ts';
import { processSpawn } from './process.ts';

/** What flock(1) answers when somebody else has the lock: EX_TEMPFAIL. */
const CONFLICT = 75;

/**
 * The lock is flock(2) on a file, held by a child `flock FILE cat` whose input is a pipe of ours: however we end,
 * the kernel closes the pipe, cat ends, and the lock is free. No stale locks, and no pid that means another process.
 * The file names the holder, for the message to the next taker only. Throws Failure `busy` or `state-unwritable`.
 */
export async function lockTake(directory: string, purpose: string): Promise<Lock> {
  durable(liveDisk).makeDirectory(directory);
  const exposed = directoryExposed(liveDisk, directory);
  if (exposed !== null)
    throw new Failure('state-unwritable', `cannot lock in ${directory}: ${exposed}`, 'remove it');
  const file = `${directory}/lock`;
  const child = processSpawn(
    ['flock', '--nonblock', '--conflict-exit-code', `${CONFLICT}`, file, 'cat'],
    'pipe',
  );
  child.stdin?.on('error', () => {});
  // cat gives the line back only after flock has the lock.
  child.stdin?.write('held\n');
  const ended = new Promise<string | number | null>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    child.on('exit', (code) => resolve(code));
  });
  const held = new Promise<'held'>((resolve) => child.stdout?.once('data', () => resolve('held')));
  const answer = await Promise.race([held, ended]);
  if (answer === CONFLICT) {
    throw new Failure(
      'busy',
      `another vfioctl changes this host: ${holder(file)}`,
      'wait until it has ended',
    );
  }
  if (answer !== 'held') {
    const missing = answer === 'ENOENT';
    throw new Failure(
      'state-unwritable',
      `cannot lock ${file}: ${missing ? 'there is no flock' : `flock ended with ${answer}`}`,
      missing ? 'install util-linux' : 'see whether root may write there',
    );
  }
  write(file, `pid ${process.pid}, ${purpose}\n`);
  return {
    async release() {
      write(file, '');
      child.stdin?.end();
      await ended;
    },
  };
}

function holder(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'it has just begun';
  } catch {
    return 'it does not say which';
  }
}

function write(file: string, text: string): void {
  const fd = openSync(file, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    ftruncateSync(fd);
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
