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

/** Runs one command line against a host, with everything it prints kept. */
export async function commandRun(
  host: Host | CliContext['open'],
  argv: readonly string[],
  color = false,
): Promise<CommandRun> {
  const out: string[] = [];
  const err: string[] = [];
  const context: CliContext = {
    process: {
      stdout: { write: (t: string) => void out.push(t) },
      stderr: { write: (t: string) => void err.push(t) },
      exitCode: null,
    },
    env: {},
    argv,
    terminal: false,
    columns: 100,
    color,
    ask: async () => false,
    signal: new AbortController().signal,
    open: typeof host === 'function' ? host : async () => host,
  };
  await main(context);
  return { argv, exit: Number(context.process.exitCode), stdout: out.join(''), stderr: err.join('') };
}
