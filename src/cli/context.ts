import type { CommandContext, StricliProcess } from '@stricli/core';
import type { Host } from '../host/host.ts';

/** What a command may use of the world: injected, so that tests and the simulated console run the same commands. */
export interface CliContext extends CommandContext {
  readonly process: StricliProcess;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The command line as typed, without the program's name. */
  readonly argv: readonly string[];
  /** Somebody can be asked. */
  readonly terminal: boolean;
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number;
  readonly color: boolean;
  ask(question: string): Promise<boolean>;
  /** Set by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
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
  print(context, JSON.stringify(document, null, 2));
}
