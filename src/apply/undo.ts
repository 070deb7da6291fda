import { Failure, failureFrom } from '../failure.ts';
import { domainList } from '../host/libvirt/domain.ts';
import { libvirtAway, libvirtLost } from '../host/libvirt/virsh.ts';
import { stepText } from '../plan/show.ts';
import type { Step } from '../plan/step.ts';
import { type Flight, flightHint, flightsWait } from './flight.ts';
import {
  bootId,
  type Journal,
  journalReopen,
  journalsRead,
  type Run,
  type RunUnreadable,
  runIntent,
  runOutcome,
  runStatus,
  runSteps,
  runsMeet,
  unreadableFailure,
} from './journal.ts';
import type { UndoOutcomeRecord } from './record.ts';
import type { RunReport, StepReport } from './report.ts';
import { stepCheck, stepSettle } from './settle.ts';
import { stepKind } from './steps/index.ts';
import { type ApplyContext, type Check, childStarted } from './steps/kind.ts';

/** What a daemon does with a request whose tool was killed takes moments, where no guest is asked. */
const UNSEEN_MS = 5_000;

/** How often the same is taken back, where libvirt ends under it. */
const ATTEMPTS = 3;

type StepUndone = Pick<UndoOutcomeRecord, 'result' | 'error'>;

/** What came of undoing each step that had been begun, by step id. */
export type Undone = ReadonlyMap<string, StepUndone>;

/**
 * Takes back, last first, every step of a run that was begun. It acts only where the target stands as the step left
 * it, does nothing where it stands as before, and stops at the first that stands otherwise or cannot be taken back:
 * what came before it is then left too, since it was built on. What it does it tells the journal, and goes on where
 * the disk does not take that: it looks before it acts, so that doing it again does no harm.
 */
export async function stepsUndo(context: ApplyContext, run: Run, journal: Journal): Promise<Undone> {
  const undone = new Map<string, StepUndone>();
  const boot = bootId(context.host);
  for (const step of runSteps(run).toReversed()) {
    if (!stepBegun(run, step)) continue;
    const { result, error } = await stepUndo(context, run, journal, step, boot);
    journal.tell({ type: 'undo-outcome', step: step.id, result, error });
    undone.set(step.id, { result, error });
    if (result === 'left') break;
  }
  return undone;
}

/** Begun, and not found to be so already, and not taken back yet. */
export function stepBegun(run: Run, step: Step): boolean {
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
): Promise<StepUndone> {
  const kind = stepKind(step);
  const intent = runIntent(run, step.id)!;
  if (!kind.survivesReboot(step) && intent.boot !== boot) return { result: 'void', error: null };
  // A reboot is not taken back: what waited for it is, and then needs another one.
  if (step.kind === 'reboot') return { result: 'nothing', error: null };
  try {
    if (await kind.gone?.(context, step)) return { result: 'void', error: null };
    const now = await stepStand(context, run, step, intent.boot === boot);
    if (now.state === 'before') return { result: 'nothing', error: null };
    if (now.state === 'other') {
      // Its act was refused: what stands there is somebody else's.
      if (runOutcome(run, step.id)?.result === 'failed') return { result: 'nothing', error: now.shown };
      return { result: 'left', error: `${now.shown}: neither as the run left it nor as before` };
    }
    journal.tell({ type: 'undo-intent', step: step.id });
    const outcome = runOutcome(run, step.id);
    // What was seen when the tool had not answered is not what its act made in the end.
    const seen = outcome?.result === 'unknown' ? undefined : outcome?.after;
    const done = { before: intent.before, after: seen ?? null };
    for (let attempt = 1; ; attempt += 1) {
      const refusal = await failureFrom(kind.undo(context, step, done, childStarted(journal, step)));
      // Where it stands now decides, whatever the tool said. One that refused has nothing more to come.
      const coming = refusal === null || refusal.code === 'outcome-unknown' || libvirtLost(refusal);
      const back = coming ? await stepSettle(context, step, 'before') : await stepCheck(context, step);
      if (back.state === 'before') return { result: 'undone', error: null };
      if (!libvirtAway(refusal) || attempt === ATTEMPTS)
        return { result: 'left', error: refusal?.message ?? back.shown };
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'not-found' && (await guestGone(context, step)))
      return { result: 'void', error: null };
    return { result: 'left', error: error.message };
  }
}

/**
 * Where a step stands. While nothing tells how its act ended, libvirt or the guest may be at it still, and no process
 * shows that: it is given the time to be seen.
 */
async function stepStand(context: ApplyContext, run: Run, step: Step, sameBoot: boolean): Promise<Check> {
  const result = runOutcome(run, step.id)?.result;
  const open = sameBoot && (result === undefined || result === 'unknown');
  return open ? stepSettle(context, step, 'after', UNSEEN_MS) : stepCheck(context, step);
}

/** It was undefined meanwhile: libvirt lists its guests, and it is not among them. */
async function guestGone({ host, uri }: ApplyContext, step: Step): Promise<boolean> {
  if (!('guest' in step.target)) return false;
  const { uuid } = step.target.guest;
  try {
    return !(await domainList(host, uri)).some((d) => d.uuid === uuid);
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Undoes one run by its number, or the last that can be. The caller holds the host's lock. */
export async function runUndo(
  context: ApplyContext,
  stateDir: string,
  number: number | null,
): Promise<RunReport> {
  const { runs, unreadable } = await journalsRead(context.host, stateDir);
  const run =
    number === null ? runs.findLast((r) => runStatus(r) !== 'undone') : runs.find((r) => r.number === number);
  if (!run) {
    const silent = unreadable.find((r) => r.number === number);
    if (silent) throw unreadableFailure(silent);
    if (number !== null)
      throw new Failure('not-found', `there is no run ${number}`, 'vfioctl history lists the runs');
    return undoReport(null, 'nothing', []);
  }
  if (runStatus(run) === 'undone') return undoReport(run, 'nothing', []);
  laterRefuse(run, runs, unreadable);
  const flight = (await flightsWait(context.host, run))[0];
  if (flight) return flightReport(run, flight);
  const journal = journalReopen(context.host, stateDir, run);
  const undone = await stepsUndo({ ...context, runs }, run, journal);
  const left = [...undone].find(([, u]) => u.result === 'left');
  journal.tell({ type: 'end', status: left ? 'partial' : 'undone' });
  const steps = runSteps(run).map((step): StepReport => {
    const result = undone.get(step.id)?.result;
    const shown = result === 'left' ? 'left' : result === 'undone' ? 'undone' : 'skipped';
    return { id: step.id, kind: step.kind, text: stepText(step), result: shown };
  });
  const report = {
    ...undoReport(run, left ? 'partial' : 'undone', steps),
    notes: [...undoNotes(run, undone), ...lostNotes(journal)],
  };
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

/** A later run builds on an earlier one when both change the same. Throws Failure `refused`. */
function laterRefuse(run: Run, runs: readonly Run[], unreadable: readonly RunUnreadable[]): void {
  const later = runs.find(
    (r) => r.number > run.number && runStatus(r) !== 'undone' && runsMeet(r.head.plan, run.head.plan),
  );
  if (later) {
    throw new Failure(
      'refused',
      `run ${later.number} (${later.head.plan.verb}) was made after run ${run.number} and builds on it`,
      `undo that one first: vfioctl undo ${later.number}`,
    );
  }
  const silent = unreadable.find(
    (r) => r.number > run.number && r.status !== 'undone' && runsMeet(r.about, run.head.plan),
  );
  if (silent) {
    throw new Failure(
      'refused',
      `run ${silent.number} was made after run ${run.number} and may build on it: ${silent.why}`,
      'undo that one first, with the vfioctl that wrote it',
    );
  }
}

/** Nothing is undone beside what is in flight, and the journal says so already. */
function flightReport(run: Run, flight: Flight): RunReport {
  const steps = runSteps(run).map(
    (step): StepReport => ({ id: step.id, kind: step.kind, text: stepText(step), result: 'skipped' }),
  );
  return {
    ...undoReport(run, 'unknown', steps),
    failure: { code: 'outcome-unknown', step: null, message: flight.text, hint: flightHint(flight) },
  };
}

function lostNotes({ lost, run }: Journal): string[] {
  return lost === null
    ? []
    : [
        `${lost.message}: the records of run ${run} do not say what was taken back; undo ${run} can be run again`,
      ];
}

function undoNotes(run: Run, undone: Undone): string[] {
  const argument = run.head.plan.steps.some(
    (s) => s.kind === 'kernel-argument' && undone.get(s.id)?.result === 'undone',
  );
  return argument
    ? ['the boot entries are as before; the running kernel keeps its command line until the next boot']
    : [];
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
