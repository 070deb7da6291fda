import { createInterface } from 'node:readline/promises';
import { hostOpen } from '../host/open.ts';
import type { CliContext } from './context.ts';

/** The real process as a context. */
export function processContext(): CliContext {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort(name));
  // `vfioctl list | head` closes the pipe: that is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const env = process.env;
  return {
    // Not the process itself: reading back a negative exit code from it gives another one on some runtimes.
    process: { stdout: process.stdout, stderr: process.stderr, env, exitCode: null },
    env,
    argv: process.argv.slice(2),
    terminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    columns: process.stdout.columns ?? 100,
    color: process.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    signal: interrupted.signal,
    open: hostOpen,
    async ask(question) {
      const line = createInterface({ input: process.stdin, output: process.stderr });
      try {
        const answer = await line.question(`${question} [y/N] `, { signal: interrupted.signal });
        return /^y(es)?$/i.test(answer.trim());
      } catch {
        return false;
      } finally {
        line.close();
      }
    },
  };
}
