import { Failure } from '../failure.ts';
import type { FailureDocument } from '../report/documents.ts';
import { harmless } from '../report/terminal.ts';
import { type CliContext, tell } from './context.ts';
import { EXIT, type ExitCode, exitOfFailure } from './exit.ts';
import type { EventFlags } from './flags.ts';
import { forProgram, printDocument } from './progress.ts';

export type Run<F, A extends readonly (string | undefined)[]> = (
  this: CliContext,
  flags: F,
  ...args: A
) => Promise<ExitCode>;

/** Loads a command when it is called, runs it, and turns what it throws into one line and an exit code. */
export function action<
  F extends { readonly json?: boolean; readonly events?: boolean },
  A extends readonly (string | undefined)[],
>(load: () => Promise<Run<F, A>>): (this: CliContext, flags: F, ...args: A) => Promise<void> {
  return async function (flags, ...args) {
    try {
      const run = await load();
      this.process.exitCode = await run.call(this, flags, ...args);
    } catch (error) {
      this.process.exitCode = failurePrint(this, error, flags);
    }
  };
}

/** Known failures print one line and what to do next; unknown ones are our fault and print their stack. */
function failurePrint(context: CliContext, error: unknown, flags: EventFlags): ExitCode {
  if (!(error instanceof Failure)) {
    const stack = String(error instanceof Error ? error.stack : error)
      .split('\n')
      .map(harmless);
    tell(context, `vfioctl: this is a fault of vfioctl, please report it: ${stack.join('\n')}`);
    return EXIT.fault;
  }
  const { code, message, hint } = error;
  const document: FailureDocument = { schema: 'vfioctl/failure/1', code, message, hint };
  if (forProgram(flags)) printDocument(context, flags, document);
  tell(context, harmless(`vfioctl: ${message}${hint === '' ? '' : `; ${hint}`}`));
  return exitOfFailure(code);
}
