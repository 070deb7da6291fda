import { bootId, runStatus, runsRead } from '../apply/journal.ts';
import type { RunReport } from '../apply/report.ts';
import { runsResume } from '../apply/resume.ts';
import { planApply } from '../apply/runner.ts';
import type { ApplyContext } from '../apply/steps/kind.ts';
import { Failure } from '../failure.ts';
import type { Finding } from '../findings/finding.ts';
import type { Host } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import { planScript, stepText } from '../plan/show.ts';
import { findingText } from '../report/findings.ts';
import { planText } from '../report/plan.ts';
import { runText } from '../report/run.ts';
import { styleOf } from '../report/terminal.ts';
import { type CliContext, print, tell } from './context.ts';
import { type ChangeFlags, stateDirOf } from './flags.ts';
import { forProgram, printDocument, progressOf } from './progress.ts';

/** What a change is planned from: made twice, before the question and again under the lock. */
export interface Proposal {
  readonly plan: Plan;
  /** Findings that refuse it; none: it may go on. */
  readonly refusals: readonly Finding[];
  /** Findings worth knowing before saying yes. */
  readonly warnings: readonly Finding[];
}

/**
 * The way of every change: propose, show, ask, lock, propose again, apply. The lock is not held while somebody is
 * asked, so the second proposal must be the one that was agreed to.
 */
export async function changeRun(
  context: CliContext,
  flags: ChangeFlags,
  host: Host,
  uri: string,
  propose: () => Promise<Proposal>,
): Promise<RunReport> {
  const first = await propose();
  const style = styleOf(context.color);
  const text = { style, columns: context.columns, verbose: flags.verbose ?? false };
  if (first.refusals.length > 0) {
    if (!forProgram(flags))
      for (const finding of first.refusals) tell(context, findingText(finding, text).join('\n'));
    return reportOf(first, 'refused');
  }
  if (flags.dryRun && flags.format === 'sh') {
    print(context, planScript(first.plan, uri));
    return reportOf(first, 'planned');
  }
  if (!forProgram(flags)) {
    const shown = flags.dryRun ? print : tell;
    for (const finding of first.warnings) tell(context, findingText(finding, text).join('\n'));
    shown(context, planText(first.plan, uri, style).join('\n'));
  }
  if (flags.dryRun) return reportOf(first, 'planned');
  if (first.plan.steps.length === 0) return reportOf(first, 'nothing');
  changeAllowed(host);
  if (!(await confirmed(context, flags, 'Do this?'))) return reportOf(first, 'planned');

  const lock = await host.lock(context.argv.join(' '));
  try {
    await runsResumed(context, { host, uri }, stateDirOf(flags));
    await openRunsRefuse(host, stateDirOf(flags));
    const second = await propose();
    if (
      second.refusals.length > 0 ||
      JSON.stringify(second.plan.steps) !== JSON.stringify(first.plan.steps)
    ) {
      throw new Failure(
        'changed',
        'the host changed since the plan was shown; nothing was done',
        'run it again to see the new plan',
      );
    }
    const progress = progressOf(context, flags);
    const applied = await planApply({ host, uri }, second.plan, {
      stateDir: stateDirOf(flags),
      argv: context.argv,
      signal: context.signal,
      progress: (step, event) => event === 'begins' && progress.told(stepText(step)),
    });
    progress.end();
    return { ...reportOf(second, 'done'), ...applied };
  } finally {
    await lock.release();
  }
}

export function changeAllowed(host: Host): void {
  if (host.origin.kind === 'capture' || host.origin.kind === 'root') {
    throw new Failure(
      'read-only',
      `${host.origin.name} is a ${host.origin.kind === 'root' ? 'directory' : 'capture'}: nothing can be changed there`,
      'add --dry-run to see the plan',
    );
  }
  if (!host.writable)
    throw new Failure('needs-root', 'this changes the host, and you are not root', 'run it with sudo');
}

/** Asks, unless told not to. Without a terminal nobody can answer: refused, with the flag that answers. */
export async function confirmed(context: CliContext, flags: ChangeFlags, question: string): Promise<boolean> {
  if (flags.yes) return true;
  if (!context.terminal)
    throw new Failure(
      'needs-answer',
      'nobody is there to be asked',
      'add --yes to do it, or --dry-run to see the plan',
    );
  return context.ask(question);
}

export function runPrint(context: CliContext, flags: ChangeFlags, report: RunReport): void {
  if (forProgram(flags)) printDocument(context, flags, report);
  else if (!(flags.dryRun && report.status === 'planned'))
    print(context, runText(report, styleOf(context.color)).join('\n'));
}

/** A run that waited for a reboot which has come is closed by whichever command changes the host next. */
export async function runsResumed(context: CliContext, apply: ApplyContext, stateDir: string): Promise<void> {
  for (const { run, done, why } of await runsResume(apply, stateDir)) {
    tell(context, `run ${run}: ${done ? 'done' : 'not as planned'}: ${why}`);
  }
}

/** What a crash left is taken back first: a new run on top of it could not be told from it. */
async function openRunsRefuse(host: Host, stateDir: string): Promise<void> {
  for (const run of await runsRead(host, stateDir)) {
    const status = runStatus(run);
    const pending = status === 'open' || (status === 'waiting' && run.records.at(-1)?.boot === bootId(host));
    if (!pending) continue;
    const why = status === 'open' ? 'was cut off before its end' : 'waits for a reboot';
    throw new Failure(
      'refused',
      `run ${run.number} (${run.head.plan.verb}) ${why}`,
      `first take it back: vfioctl undo ${run.number}`,
    );
  }
}

function reportOf(proposal: Proposal, status: RunReport['status']): RunReport {
  const { plan } = proposal;
  return {
    schema: 'vfioctl/run/1',
    run: null,
    verb: plan.verb,
    changed: false,
    status,
    functions: plan.functions,
    guest: plan.guest?.name ?? null,
    steps: plan.steps.map((s) => ({ id: s.id, kind: s.kind, text: stepText(s), result: 'skipped' as const })),
    failure: null,
    notes: plan.notes,
    findings: [...proposal.refusals, ...proposal.warnings],
    proofs: [],
  };
}
