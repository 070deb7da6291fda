import { type CliContext, tell } from './context.ts';
import type { LookFlags } from './flags.ts';

/** Tells that something goes on. */
export interface Progress {
  told(text: string): void;
  /** To be called before anything else is printed. */
  end(): void;
}

/** One line that is written over on a terminal; every line with --verbose; nothing for programs. */
export function progressOf(context: CliContext, flags: LookFlags): Progress {
  if (flags.verbose) return { told: (text) => tell(context, `… ${text}`), end: () => {} };
  if (!context.terminal || flags.json) return { told: () => {}, end: () => {} };
  const { stderr } = context.process;
  return {
    told: (text) => stderr.write(`\r\x1b[K… ${text.slice(0, context.columns - 3)}`),
    end: () => stderr.write('\r\x1b[K'),
  };
}
