import { Failure } from '../failure.ts';
import type { Finding } from '../findings/finding.ts';
import {
  type Acceptance,
  acceptanceParse,
  acceptancesUnused,
  refusalsOf,
  typeable,
} from '../findings/refusal.ts';
import { findingText } from '../report/findings.ts';
import { styleOf } from '../report/terminal.ts';
import type { Proposal } from './change.ts';
import { type CliContext, tell } from './context.ts';
import type { LendFlags } from './flags.ts';
import { forProgram } from './progress.ts';

/** What stands in the way of a change, and the words that were given for what does not any more. */
export interface Insisted {
  readonly refusals: readonly Finding[];
  readonly acceptances: readonly Acceptance[];
}

/**
 * Shows what refuses, and asks a person for the words of it. `--yes` answers no guard, and where nobody can type only
 * `--accept` does.
 */
export async function insist(
  context: CliContext,
  flags: LendFlags,
  { findings, plan }: Pick<Proposal, 'findings' | 'plan'>,
): Promise<Insisted> {
  const acceptances = (flags.accept ?? []).map(acceptanceParse);
  const refusals = refusalsOf(findings, acceptances);
  // The same command once more finds all done, and nothing left that its words would be for.
  if (refusals.length === 0 && plan.steps.length === 0) return { refusals, acceptances };
  if (!forProgram(flags)) {
    const style = styleOf(context.color);
    const text = { style, columns: context.columns, verbose: flags.verbose ?? false };
    for (const finding of refusalsOf(findings)) {
      if (refusals.includes(finding)) tell(context, findingText(finding, text).join('\n'));
      // It refuses no more, and is worth a warning all the same.
      else
        tell(
          context,
          [...findingText({ ...finding, severity: 'warning' }, text), insistedText(finding)].join('\n'),
        );
    }
  }
  for (const { rule, words } of acceptancesUnused(findings, acceptances)) {
    throw new Failure(
      'usage',
      `--accept ${rule}='${words}': no refusal takes these words`,
      'leave it out, or give the words that the refusal shows',
    );
  }
  const asked = context.terminal && !forProgram(flags) && !flags.dryRun;
  if (refusals.length === 0 || !asked) return { refusals, acceptances };
  const typed = await wordsTyped(context, refusals);
  const given = [...acceptances, ...typed];
  return { refusals: refusalsOf(findings, given), acceptances: given };
}

/** Nothing is asked when something stands in the way that no words move; one wrong answer is the last question. */
async function wordsTyped(context: CliContext, refusals: readonly Finding[]): Promise<Acceptance[]> {
  const typed: Acceptance[] = [];
  if (refusals.some((f) => f.accept === null)) return typed;
  for (const { rule, accept } of refusals) {
    const words = typeable(accept ?? '');
    if (typed.some((t) => t.rule === rule && t.words === words)) continue;
    const answer = typeable(await context.type(`to insist, type '${words}': `));
    if (answer !== words) {
      if (answer !== '') tell(context, `'${answer}' is not '${words}'`);
      break;
    }
    typed.push({ rule, words });
  }
  return typed;
}

function insistedText({ accept }: Finding): string {
  return `      insisted on: '${typeable(accept ?? '')}'`;
}
