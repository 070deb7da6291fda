import { type Run, runOutcome, runStatus, runSteps } from './journal.ts';

/** Autostart that was taken away for a new lend, and has not been given back. */
export interface Brake {
  /** The run that took it, and whose deferred steps give it back. */
  readonly run: Run;
  /** Functions that were put into the guest's definition since. */
  readonly functions: readonly string[];
}

/**
 * What the journal says of a guest's autostart: the last word of any run that still stands. Whoever turned it on by
 * hand meanwhile is right too: the deferred step then finds it so.
 */
export function brakeHeld(runs: readonly Run[], guest: string): Brake | null {
  const functions: string[] = [];
  for (const run of runs.toReversed()) {
    if (run.head.plan.guest?.uuid !== guest || runStatus(run) === 'undone') continue;
    if (autostartDone(run, true)) return null;
    functions.push(...lentBy(run));
    if (autostartDone(run, false)) return { run, functions };
  }
  return null;
}

/** Its plan stands whole, and nobody has begun to take it back; what follows the proof may have been begun. */
export function runStands(run: Run): boolean {
  if (run.records.some((r) => r.type === 'undo-intent' || r.type === 'undo-outcome')) return false;
  return run.head.plan.steps.every((step) => {
    const result = runOutcome(run, step.id)?.result;
    return result === 'done' || result === 'there';
  });
}

function autostartDone(run: Run, on: boolean): boolean {
  return runSteps(run).some((step) => {
    if (step.kind !== 'guest-autostart' || step.after.on !== on) return false;
    const result = runOutcome(run, step.id)?.result;
    // What somebody else had turned off already is not ours to give back.
    return result === 'done' || (on && result === 'there');
  });
}

function lentBy(run: Run): string[] {
  return run.head.plan.steps.flatMap((step) =>
    step.kind === 'guest-hostdev' && step.target.scope === 'config' && step.after.xml !== null
      ? [step.target.address]
      : [],
  );
}
