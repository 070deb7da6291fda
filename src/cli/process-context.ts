import { hostOpen } from '../host/open.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit.ts';

/** The real process as a context. */
export function processContext(): CliContext {
  const interrupted = new AbortController();
  let holds = 0;
  let changes = false;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      interrupted.abort(name);
      if (holds === 0) process.exit(EXIT.interrupted);
    });
  }
  // `vfioctl list | head` closes the pipe: that is no fault. A change goes on without anybody to tell: the terminal
  // may have gone with the network link that has just been lent.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!changes) process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.fault);
  });
  process.stderr.on('error', () => {});
  const env = process.env;
  return {
    // Not the process itself: reading back a negative exit code from it gives another one on some runtimes.
    process: { stdout: process.stdout, stderr: process.stderr, env, exitCode: null },
    env,
    argv: process.argv.slice(2),
    self: selfOf(process.execPath, process.argv[1]),
    terminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    columns: process.stdout.columns ?? null,
    color: process.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    signal: interrupted.signal,
    open: hostOpen,
    type: (prompt, withinMs) => lineTyped(prompt, interrupted.signal, withinMs),
    async hold(work) {
      holds += 1;
      changes = true;
      try {
        return await work();
      } finally {
        holds -= 1;
      }
    },
  };
}

/** A runtime and its script, or the single executable, whose script stands in a file system that only it sees. */
export function selfOf(executable: string, script: string | undefined): string[] {
  return script === undefined || script.startsWith('/$bunfs/') ? [executable] : [executable, script];
}

async function lineTyped(prompt: string, signal: AbortSignal, withinMs?: number): Promise<string> {
  const { createInterface } = await import('node:readline');
  const line = createInterface({ input: process.stdin, output: process.stderr });
  let answered = false;
  const end = () => line.close();
  const timer = withinMs === undefined ? null : setTimeout(end, withinMs);
  signal.addEventListener('abort', end);
  return new Promise<string>((resolve) => {
    line.on('close', () => {
      // Nobody has typed a line end: what comes next shall not stand behind the question.
      if (!answered) process.stderr.write('\n');
      resolve('');
    });
    // The terminal hands Ctrl-C to the line editor as a key: it means what it always means.
    line.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    line.question(prompt, (text) => {
      answered = true;
      resolve(text.trim());
    });
    if (signal.aborted) end();
  }).finally(() => {
    if (timer !== null) clearTimeout(timer);
    signal.removeEventListener('abort', end);
    end();
  });
}
