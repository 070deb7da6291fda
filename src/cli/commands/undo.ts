import { deadManDisarm, runKept } from '../../apply/dead-man.ts';
import { journalsRead, type Run, runRead, runStatus, runSteps } from '../../apply/journal.ts';
import { runUndo, stepBegun } from '../../apply/undo.ts';
import { stepReversed, stepText } from '../../plan/show.ts';
import { harmless } from '../../report/terminal.ts';
import { changeAllowed, confirmed, runPrint } from '../change.ts';
import { type CliContext, print, tell } from '../context.ts';
import { EXIT, type ExitCode, exitOfRun } from '../exit.ts';
import { type ChangeFlags, runNumber, stateDirOf, uriOf } from '../flags.ts';
import { forProgram } from '../progress.ts';

interface UndoFlags extends ChangeFlags {
  readonly unlessKept?: boolean;
}

export async function undo(this: CliContext, flags: UndoFlags, text?: string): Promise<ExitCode> {
  const number = runNumber(text);
  const context = { host: await this.open(flags.host), uri: uriOf(flags, this.env) };
  const stateDir = stateDirOf(flags);
  const { runs } = await journalsRead(context.host, stateDir);
  const run =
    number === null ? runs.findLast((r) => runStatus(r) !== 'undone') : runs.find((r) => r.number === number);
  if (run && !forProgram(flags) && runStatus(run) !== 'undone') print(this, intent(run).join('\n'));
  if (flags.dryRun) return EXIT.done;
  if (run) changeAllowed(context.host);
  if (run && runStatus(run) !== 'undone' && !(await confirmed(this, flags, 'Take it back?'))) {
    tell(this, 'undo: refused; nothing was changed');
    return EXIT.refused;
  }
  return this.hold(async () => {
    const lock = run ? await context.host.lock(`undo ${run.number}`) : null;
    try {
      // Only under the lock: whoever keeps the run says so under it.
      if (run && flags.unlessKept && runKept(await runRead(context.host, stateDir, run.number))) {
        tell(this, `run ${run.number} has been kept: it stays`);
        return EXIT.done;
      }
      const report = await runUndo(context, stateDir, run?.number ?? number);
      if (run && report.status === 'undone') await deadManDisarm(context.host, run);
      runPrint(this, flags, report);
      return exitOfRun(report);
    } finally {
      await lock?.release();
    }
  });
}

function intent(run: Run): string[] {
  const { plan } = run.head;
  const begun = runSteps(run).filter((step) => step.kind !== 'reboot' && stepBegun(run, step));
  return [
    `undo of run ${run.number} (${plan.verb}):`,
    ...begun.toReversed().map((step) => `  - ${harmless(stepText(stepReversed(step)))}`),
    ...(begun.length === 0 ? ['  nothing of it was begun'] : []),
  ];
}
