import { resolve } from 'node:path';
import { type DeadMan, deadManPossible } from '../apply/dead-man.ts';
import type { RunReport } from '../apply/report.ts';
import { planApply } from '../apply/runner.ts';
import { Failure } from '../failure.ts';
import type { Finding } from '../findings/finding.ts';
import { refusalsOf } from '../findings/refusal.ts';
import type { Host } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import { planScript, stepText } from '../plan/show.ts';
import { findingText } from '../report/findings.ts';
import { planText } from '../report/plan.ts';
import { runText } from '../report/run.ts';
import { styleOf } from '../report/terminal.ts';
import { type CliContext, print, tell } from './context.ts';
import { type ChangeFlags, type LendFlags, stateDirOf } from './flags.ts';
import { type Insisted, insist } from './insist.ts';
import { keepAsk } from './keeping.ts';
import { openRunsRefuse, runsResumed } from './open-runs.ts';
import { forProgram, printDocument, progressOf } from './progress.ts';

/** What a change is planned from: made twice, before the question and again under the lock. */
export interface Proposal {
  readonly plan: Plan;
  /** What the rules say of it: what refuses it unless insisted on, and what is worth knowing before saying yes. */
  readonly findings: readonly Finding[];
}

/**
 * The way of every change: propose, insist where a guard says no, show, ask, lock, propose again, apply, and ask
 * whether the host is still well. The lock is not held while somebody is asked, so the second proposal must be the one
 * that was agreed to.
 */
export async function changeRun(
  context: CliContext,
  flags: LendFlags,
  host: Host,
  uri: string,
  propose: () => Promise<Proposal>,
): Promise<RunReport> {
  const deadMan = deadManAsked(context, flags, host, uri);
  const first = noted(await propose(), deadMan);
  const insisted = await insist(context, flags, first);
  const { acceptances } = insisted;
  if (insisted.refusals.length > 0) return reportOf(first, insisted, 'refused');
  if (flags.dryRun && flags.format === 'sh') {
    print(context, planScript(first.plan, uri));
    return reportOf(first, insisted, 'planned');
  }
  if (!forProgram(flags)) {
    const style = styleOf(context.color);
    const text = { style, columns: context.columns, verbose: flags.verbose ?? false };
    for (const finding of warningsOf(first)) tell(context, findingText(finding, text).join('\n'));
    const shown = flags.dryRun ? print : tell;
    shown(context, planText(first.plan, uri, style, context.columns).join('\n'));
  }
  if (flags.dryRun) return reportOf(first, insisted, 'planned');
  if (first.plan.steps.length === 0) return reportOf(first, insisted, 'nothing');
  changeAllowed(host);
  const stateDir = stateDirOf(flags);
  // Nobody is asked about what would be refused after the answer.
  if (!flags.yes) await locked(context, host, () => openRunsRefuse(host, stateDir, first.plan));
  if (!(await confirmed(context, flags, 'Do this?'))) return reportOf(first, insisted, 'refused');

  return context.hold(async () => {
    const report = await locked(context, host, async () => {
      await runsResumed(context, { host, uri }, stateDir);
      await openRunsRefuse(host, stateDir, first.plan);
      const second = noted(await propose(), deadMan);
      const same = JSON.stringify(second.plan.steps) === JSON.stringify(first.plan.steps);
      if (refusalsOf(second.findings, acceptances).length > 0 || !same) {
        throw new Failure(
          'changed',
          'the host changed since the plan was shown; nothing was done',
          'run it again to see the new plan',
        );
      }
      const progress = progressOf(context, flags);
      const applied = await planApply({ host, uri }, second.plan, {
        stateDir,
        argv: argvOf(context, insisted),
        signal: context.signal,
        deadMan,
        progress: (step, event) => event === 'begins' && progress.told(stepText(step)),
      });
      progress.end();
      return { ...reportOf(second, insisted, 'done'), ...applied };
    });
    return keepAsk(context, host, stateDir, report);
  });
}

async function locked<T>(context: CliContext, host: Host, work: () => Promise<T>): Promise<T> {
  const lock = await host.lock(context.argv.join(' '));
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

function deadManAsked(context: CliContext, flags: LendFlags, host: Host, uri: string): DeadMan | null {
  if (flags.deadMan === undefined) return null;
  deadManPossible(host);
  const { self } = context;
  return { seconds: flags.deadMan, self, stateDir: resolve(stateDirOf(flags)), uri };
}

function noted(proposal: Proposal, deadMan: DeadMan | null): Proposal {
  const { plan } = proposal;
  if (deadMan === null || plan.steps.length === 0) return proposal;
  const note = `systemd takes all of it back ${deadMan.seconds} s after it begins, unless you then say: vfioctl keep`;
  return { ...proposal, plan: { ...plan, notes: [...plan.notes, note] } };
}

/** The command as the journal keeps it: what was typed when asked stands there as if it had been given at once. */
function argvOf(context: CliContext, { acceptances }: Insisted): string[] {
  const words = acceptances.map(({ rule, words: said }) => `${rule}=${said}`);
  return [...context.argv, ...words.filter((w) => !context.argv.includes(w)).flatMap((w) => ['--accept', w])];
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
  return /^y(es)?$/i.test(await context.type(`${question} [y/N] `));
}

export function runPrint(context: CliContext, flags: ChangeFlags, report: RunReport): void {
  if (forProgram(flags)) printDocument(context, flags, report);
  else if (report.status !== 'planned')
    print(context, runText(report, styleOf(context.color), context.columns).join('\n'));
}

function warningsOf({ findings }: Proposal): Finding[] {
  return findings.filter((f) => f.state === 'found' && f.severity === 'warning');
}

function reportOf(proposal: Proposal, { acceptances }: Insisted, status: RunReport['status']): RunReport {
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
    findings: [...refusalsOf(proposal.findings), ...warningsOf(proposal)],
    ...(acceptances.length > 0 ? { accepted: [...acceptances] } : {}),
    proofs: [],
  };
}
