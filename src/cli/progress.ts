import type { EventDocument } from '../report/documents.ts';
import { COLUMNS, harmless, jsonText } from '../report/terminal.ts';
import { type CliContext, print, printJson, tell } from './context.ts';
import type { EventFlags } from './flags.ts';

/** Tells that something goes on. */
export interface Progress {
  told(text: string): void;
  /** To be called before anything else is printed. */
  end(): void;
}

/**
 * One line that is written over on a terminal; every line with --verbose; a JSON line each with --events; nothing for
 * who asked for one document.
 */
export function progressOf(context: CliContext, flags: EventFlags): Progress {
  if (flags.events) {
    const event = (text: string): EventDocument => ({ schema: 'vfioctl/event/1', text });
    return { told: (text) => print(context, jsonText(event(text))), end: () => {} };
  }
  if (flags.verbose) return { told: (text) => tell(context, `… ${harmless(text)}`), end: () => {} };
  if (!context.terminal || flags.json) return { told: () => {}, end: () => {} };
  const { stderr } = context.process;
  return {
    told: (text) => stderr.write(`\r\x1b[K… ${harmless(text).slice(0, (context.columns ?? COLUMNS) - 3)}`),
    end: () => stderr.write('\r\x1b[K'),
  };
}

/** A program reads the result: as one document, or as the last line of its events. */
export function forProgram(flags: EventFlags): boolean {
  return flags.json === true || flags.events === true;
}

export function printDocument(context: CliContext, flags: EventFlags, document: unknown): void {
  if (flags.events) print(context, jsonText(document));
  else printJson(context, document);
}
