import type { CommandContext, StricliProcess } from '@stricli/core';
import type { Host } from '../host/host.ts';
import { jsonText } from '../report/terminal.ts';

/** What a command may use of the world: injected, so that tests and the simulated console run the same commands. */
export interface CliContext extends CommandContext {
  readonly process: StricliProcess;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command line as typed, without the program's name. */
  readonly argv: readonly string[];
  /** What starts this very program again: absolute paths, no arguments of a command. */
  readonly self: readonly string[];
  /** Somebody can be asked. */
  readonly terminal: boolean;
  /** Columns of the terminal that the result goes to; null where it goes to none, and is cut for nobody's eyes. */
  readonly columns: number | null;
  readonly color: boolean;
  /** One line that a person types; empty when nobody does, or not in time. */
  type(prompt: string, withinMs?: number): Promise<string>;
  /** Set by Ctrl-C, SIGTERM, or the end of the terminal. */
  readonly signal: AbortSignal;
  /** While the work goes on a signal does not end the process: the work looks at `signal` and ends well itself. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** Opens the host that `--host` names; without a name, the machine itself. */
  open(name: string | undefined): Promise<Host>;
}

export function print(context: CliContext, text: string): void {
  context.process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Everything that is not the result: progress, questions, failures. */
export function tell(context: CliContext, text: string): void {
  context.process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(context: CliContext, document: unknown): void {
  print(context, jsonText(document, 2));
}
