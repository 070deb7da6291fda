import { Failure } from '../failure.ts';
import { stepText } from '../plan/show.ts';
import type { Step } from '../plan/step.ts';
import {
  bootId,
  type Journal,
  journalReopen,
  type Run,
  runIntent,
  runOutcome,
  runStatus,
  runSteps,
  runsRead,
} from './journal.ts';
import { orphansWait } from './orphan.ts';
import type { UndoOutcomeRecord } from './record.ts';
import type { RunReport, StepReport } from './report.ts';
import { stepSettle } from './settle.ts';
import { stepKind } from './steps/index.ts';
import type { ApplyContext } from './steps/kind.ts';

/** What came of undoing each step that had been begun, by step id. */
export type Undone = ReadonlyMap<
  string,
  { readonly result: UndoOutcomeRecord['result']; readonly error: string | null }
>;

/**
 * Takes back, last first, every step of a run that was begun. It acts only where the target stands as the step left
 * it, does nothing where it stands as before, and stops at the first that stands otherwise or cannot be taken back:
 * what came before it is then left too, since it was built on.
 */
export async function stepsUndo(context: ApplyContext, run: Run, journal: Journal): Promise<Undone> {
  const undone = new Map<string, { result: UndoOutcomeRecord['result']; error: string | null }>();
  const boot = bootId(context.host);
  for (const step of runSteps(run).toReversed()) {
    if (!stepBegun(run, step)) continue;
    const { result, error } = await stepUndo(context, run, journal, step, boot);
    journal.append({ type: 'undo-outcome', step: step.id, result, error });
    undone.set(step.id, { result, error });
    if (result === 'left') break;
  }
  return undone;
}

/** Begun, and not found to be so already, and not taken back yet. */
function stepBegun(run: Run, step: Step): boolean {
  const back = run.records.some(
    (r) => r.type === 'undo-outcome' && r.step === step.id && r.result !== 'left',
  );
  return runIntent(run, step.id) !== undefined && runOutcome(run, step.id)?.result !== 'there' && !back;
}

async function stepUndo(
  context: ApplyContext,
  run: Run,
  journal: Journal,
  step: Step,
  boot: string | null,
): Promise<{ result: UndoOutcomeRecord['result']; error: string | null }> {
  const kind = stepKind(step);
  const intent = runIntent(run, step.id)!;
  if (!kind.survivesReboot && intent.boot !== boot) return { result: 'void', error: null };
  // A reboot is not taken back: what waited for it is, and then needs another one.
  if (step.kind === 'reboot') return { result: 'nothing', error: null };
  try {
    const now = await kind.check(context, step);
    if (now.state === 'before') return { result: 'nothing', error: null };
    if (now.state === 'other')
      return { result: 'left', error: `${now.shown}: neither as the run left it nor as before` };
    journal.append({ type: 'undo-intent', step: step.id });
    await kind.undo(context, step, { before: intent.before, after: runOutcome(run, step.id)?.after ?? null });
    const back = await stepSettle(context, step, 'before');
    return back.state === 'before'
      ? { result: 'undone', error: null }
      : { result: 'left', error: back.shown };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { result: 'left', error: error.message };
  }
}

/** Undoes one run by its number, or the last that can be. The caller holds the host's lock. */
export async function runUndo(
  context: ApplyContext,
  stateDir: string,
  number: number | null,
): Promise<RunReport> {
  const runs = await runsRead(context.host, stateDir);
  const run =
    number === null ? runs.findLast((r) => runStatus(r) !== 'undone') : runs.find((r) => r.number === number);
  if (!run) {
    if (number !== null)
      throw new Failure('not-found', `there is no run ${number}`, 'vfioctl history lists the runs');
    return undoReport(null, 'nothing', []);
  }
  if (runStatus(run) === 'undone') return undoReport(run, 'nothing', []);
  const later = runs.find((r) => r.number > run.number && runStatus(r) !== 'undone' && buildsOn(r, run));
  if (later) {
    throw new Failure(
      'refused',
      `run ${later.number} (${later.head.plan.verb}) was made after run ${run.number} and builds on it`,
      `undo that one first: vfioctl undo ${later.number}`,
    );
  }
  await orphansWait(context.host, run);
  const journal = journalReopen(context.host, stateDir, run);
  const undone = await stepsUndo(context, run, journal);
  const left = [...undone].find(([, u]) => u.result === 'left');
  journal.append({ type: 'end', status: left ? 'partial' : 'undone' });
  const steps = runSteps(run).map((step): StepReport => {
    const result = undone.get(step.id)?.result;
    const shown = result === 'left' ? 'left' : result === 'undone' ? 'undone' : 'skipped';
    return { id: step.id, kind: step.kind, text: stepText(step), result: shown };
  });
  const report = { ...undoReport(run, left ? 'partial' : 'undone', steps), notes: undoNotes(run, undone) };
  if (!left) return report;
  return {
    ...report,
    failure: {
      code: 'step-failed',
      step: left[0],
      message: left[1].error ?? 'it could not be taken back',
      hint: `put that right, then run: vfioctl undo ${run.number}`,
    },
  };
}

function undoNotes(run: Run, undone: Undone): string[] {
  const argument = run.head.plan.steps.some(
    (s) => s.kind === 'kernel-argument' && undone.get(s.id)?.result === 'undone',
  );
  return argument
    ? ['the boot entries are as before; the running kernel keeps its command line until the next boot']
    : [];
}

/** A later run builds on an earlier one when both change the same guest, a same function, or a same boot chain. */
function buildsOn(later: Run, earlier: Run): boolean {
  const a = later.head.plan;
  const b = earlier.head.plan;
  if (a.guest && b.guest && a.guest.uuid === b.guest.uuid) return true;
  if (a.functions.some((f) => b.functions.includes(f))) return true;
  return a.verb === 'prepare' && b.verb === 'prepare';
}

function undoReport(run: Run | null, status: RunReport['status'], steps: StepReport[]): RunReport {
  return {
    schema: 'vfioctl/run/1',
    run: run?.number ?? null,
    verb: 'undo',
    changed: steps.some((s) => s.result === 'undone'),
    status,
    functions: run?.head.plan.functions ?? [],
    guest: run?.head.plan.guest?.name ?? null,
    steps,
    failure: null,
    notes: [],
    findings: [],
    proofs: [],
  };
}
