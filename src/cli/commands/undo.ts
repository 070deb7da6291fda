import { type Run, runStatus, runsRead } from '../../apply/journal.ts';
import { runUndo } from '../../apply/undo.ts';
import { Failure } from '../../failure.ts';
import { stepReversed, stepText } from '../../plan/show.ts';
import { harmless } from '../../report/terminal.ts';
import { changeAllowed, confirmed, runPrint } from '../change.ts';
import { type CliContext, print } from '../context.ts';
import { EXIT, type ExitCode, exitOfRun } from '../exit.ts';
import { type ChangeFlags, stateDirOf, uriOf } from '../flags.ts';
import { forProgram } from '../progress.ts';

export async function undo(this: CliContext, flags: ChangeFlags, text?: string): Promise<ExitCode> {
  const number = text === undefined ? null : Number(text);
  if (number !== null && !(Number.isInteger(number) && number > 0)) {
    throw new Failure('usage', `'${text}' is no run number`, 'vfioctl history lists the runs');
  }
  const context = { host: await this.open(flags.host), uri: uriOf(flags, this.env) };
  const stateDir = stateDirOf(flags);
  const runs = await runsRead(context.host, stateDir);
  const run =
    number === null ? runs.findLast((r) => runStatus(r) !== 'undone') : runs.find((r) => r.number === number);
  if (run && !forProgram(flags) && runStatus(run) !== 'undone') print(this, intent(run).join('\n'));
  if (flags.dryRun) return EXIT.done;
  if (run) changeAllowed(context.host);
  if (run && runStatus(run) !== 'undone' && !(await confirmed(this, flags, 'Take it back?')))
    return EXIT.refused;
  const lock = run ? await context.host.lock(`undo ${run.number}`) : null;
  try {
    const report = await runUndo(context, stateDir, run?.number ?? number);
    runPrint(this, flags, report);
    return exitOfRun(report);
  } finally {
    await lock?.release();
  }
}

function intent(run: Run): string[] {
  const { plan } = run.head;
  const steps = plan.steps.toReversed().filter((s) => s.kind !== 'reboot');
  return [
    `undo of run ${run.number} (${plan.verb}):`,
    ...steps.map((s) => `  - ${harmless(stepText(stepReversed(s)))}`),
  ];
}
