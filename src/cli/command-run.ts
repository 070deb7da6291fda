import type { Host } from '../host/host.ts';
import type { CliContext } from './context.ts';
import { main } from './main.ts';

/** One command line and what came of it. */
export interface CommandRun {
  readonly argv: readonly string[];
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface CommandRunOptions {
  readonly color?: boolean;
  /** The lines that a person types at a terminal, in this order; without them nobody can be asked. */
  readonly typed?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Runs one command line against a host, with everything it prints kept. */
export async function commandRun(
  host: Host | CliContext['open'],
  argv: readonly string[],
  options: CommandRunOptions = {},
): Promise<CommandRun> {
  const out: string[] = [];
  const err: string[] = [];
  const typed = [...(options.typed ?? [])];
  const context: CliContext = {
    process: {
      stdout: { write: (t: string) => void out.push(t) },
      stderr: { write: (t: string) => void err.push(t) },
      exitCode: null,
    },
    env: {},
    argv,
    self: ['/usr/bin/vfioctl'],
    terminal: options.typed !== undefined,
    columns: null,
    color: options.color ?? false,
    async type(prompt) {
      const line = typed.shift() ?? '';
      err.push(`${prompt}${line}\n`);
      return line;
    },
    signal: options.signal ?? new AbortController().signal,
    hold: (work) => work(),
    open: typeof host === 'function' ? host : async () => host,
  };
  await main(context);
  return { argv, exit: Number(context.process.exitCode), stdout: out.join(''), stderr: err.join('') };
}
