import { deadManOf } from '../../apply/dead-man.ts';
import { journalsRead, type Run } from '../../apply/journal.ts';
import { Failure } from '../../failure.ts';
import type { KeepDocument } from '../../report/documents.ts';
import { changeAllowed } from '../change.ts';
import { type CliContext, print, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type LookFlags, runNumber, stateDirOf } from '../flags.ts';
import { runKeep } from '../keeping.ts';

/** Exit 0 when the run stays: kept now, or kept already. */
export async function keep(
  this: CliContext,
  flags: LookFlags & { readonly stateDir?: string },
  text?: string,
): Promise<ExitCode> {
  const number = runNumber(text);
  const host = await this.open(flags.host);
  const stateDir = stateDirOf(flags);
  const { runs } = await journalsRead(host, stateDir);
  const armed = (run: Run) => deadManOf(host, run) !== null;
  const run = number === null ? runs.findLast(armed) : runs.find((r) => r.number === number);
  if (run === undefined) {
    const message = number === null ? 'no run waits to be kept' : `there is no run ${number}`;
    throw new Failure('not-found', message, 'vfioctl history lists the runs');
  }
  if (armed(run)) {
    changeAllowed(host);
    await this.hold(() => runKeep(host, stateDir, run.number));
  }
  const document: KeepDocument = { schema: 'vfioctl/keep/1', run: run.number, changed: armed(run) };
  if (flags.json) printJson(this, document);
  else print(this, armed(run) ? `run ${run.number} stays` : `run ${run.number} has no switch that is armed`);
  return EXIT.done;
}
