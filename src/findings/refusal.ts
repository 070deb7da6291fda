/** What refuses an assignment, and the words by which a person insists. */
import { Failure } from '../failure.ts';
import type { Finding } from './finding.ts';

const NAMES_TYPED = 3;

/** `--accept RULE=WORDS`: one guard that is not to refuse while it says exactly these words. */
export interface Acceptance {
  readonly rule: string;
  readonly words: string;
}

/**
 * What stops an assignment: blockers that were found, and guards that were found or could not look, unless their
 * words were given. A blocker that could not look does not: the step itself will tell, and is undone then.
 */
export function refusalsOf(findings: readonly Finding[], acceptances: readonly Acceptance[] = []): Finding[] {
  return findings.filter((f) => refuses(f) && !acceptances.some((acceptance) => accepts(acceptance, f)));
}

/** Acceptances that answer no refusal: mistyped, meant for something that no longer holds, or for a blocker. */
export function acceptancesUnused(
  findings: readonly Finding[],
  acceptances: readonly Acceptance[],
): Acceptance[] {
  return acceptances.filter((acceptance) => !findings.some((f) => accepts(acceptance, f)));
}

/** Throws Failure `usage` when the text is not `RULE=WORDS`. */
export function acceptanceParse(text: string): Acceptance {
  const [, rule, words] = /^\s*([a-z][a-z-]*)=(.*)$/su.exec(text) ?? [];
  const typed = typeable(words ?? '');
  if (rule === undefined || typed === '') {
    throw new Failure(
      'usage',
      `--accept '${text}' is not RULE=WORDS`,
      "the refusal says what to give, for example --accept sound-in-use='lose PCH'",
    );
  }
  return { rule, words: typed };
}

/**
 * Words as a person can type them: a guest or a mount point may have line breaks, terminal escapes or spaces of other
 * scripts in its name. What is shown, what is typed and what is compared are all in this form.
 */
export function typeable(words: string): string {
  return words
    .replace(/[\s\p{Z}]+/gu, ' ')
    .trim()
    .replace(/\p{C}/gu, '?');
}

/** Three names are as much as anybody types; how many more there are changes with them, and the words with it. */
export function loseWords(names: readonly string[]): string {
  const each = [...new Set(names)];
  const more = each.length - NAMES_TYPED;
  return `lose ${each.slice(0, NAMES_TYPED).join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function refuses(finding: Finding): boolean {
  if (finding.severity === 'blocker') return finding.state === 'found';
  return finding.severity === 'guard' && finding.state !== 'clear';
}

function accepts({ rule, words }: Acceptance, finding: Finding): boolean {
  return (
    finding.severity === 'guard' &&
    refuses(finding) &&
    finding.rule === rule &&
    finding.accept !== null &&
    typeable(finding.accept) === typeable(words)
  );
}
