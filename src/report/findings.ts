import type { Finding } from '../findings/finding.ts';
import { typeable } from '../findings/refusal.ts';
import { addressParse, addressShort } from '../model/address.ts';
import { fold } from './table.ts';
import { COLUMNS, harmless, type Style } from './terminal.ts';

export interface FindingsTextOptions {
  readonly style: Style;
  /** Of the terminal; null where there is none. */
  readonly columns: number | null;
  /** Also the evidence of what is well. */
  readonly verbose: boolean;
}

/** Findings by subject: a mark, the sentence, then evidence and remedy of what is not well. */
export function findingsText(findings: readonly Finding[], options: FindingsTextOptions): string[] {
  const lines: string[] = [];
  for (const subject of new Set(findings.map((f) => f.subject))) {
    if (lines.length > 0) lines.push('');
    lines.push(options.style.strong(subjectText(subject)));
    for (const finding of findings.filter((f) => f.subject === subject))
      lines.push(...findingText(finding, options));
  }
  return lines;
}

export function findingText(finding: Finding, { style, columns, verbose }: FindingsTextOptions): string[] {
  const width = Math.max(40, (columns ?? COLUMNS) - 4);
  // What is known is a sentence of its own; what is not says only which fact is missing.
  const sentence = finding.state === 'undecided' ? `${finding.rule}: ${finding.why}` : finding.why;
  const lines = fold(harmless(sentence), width).map((l, i) =>
    i === 0 ? `  ${markOf(finding, style)} ${l}` : `    ${l}`,
  );
  // A consequence is cured with its cause: its own remedy would only lead astray.
  if (finding.causedBy && finding.state !== 'clear')
    return [...lines, style.dim(`      follows from ${finding.causedBy}`), ...insistText(finding, style)];
  if (finding.state === 'found' || verbose) {
    for (const { source, line, text } of finding.evidence) {
      const where = line === null ? source : `${source}:${line}`;
      // The sentence is often made of it, and then only says where it was read.
      const told = finding.why.includes(text) ? where : `${where}: ${text}`;
      const seen = fold(harmless(told), width - 2, '  ');
      lines.push(...seen.map((l) => style.dim(`      ${l}`)));
    }
  }
  if (finding.state === 'found' && finding.remedy) {
    const { text, command, cost } = finding.remedy;
    lines.push(
      ...fold(`→ ${harmless(text)}${cost ? ` (${harmless(cost)})` : ''}`, width, '  ').map((l) => `    ${l}`),
    );
    if (command) lines.push(`      ${harmless(command)}`);
  }
  lines.push(...insistText(finding, style));
  if (finding.state === 'undecided')
    for (const ask of finding.asks) lines.push(style.dim(`      ${harmless(ask)}`));
  return lines;
}

/** `--accept storage-in-use='lose /srv'`, as a person types it in a shell. */
function insistText({ rule, severity, state, accept }: Finding, style: Style): string[] {
  if (severity !== 'guard' || state === 'clear') return [];
  if (accept !== null)
    return [`      to insist: --accept ${rule}='${typeable(accept).replaceAll("'", "'\\''")}'`];
  return state === 'found' ? [style.dim('      no words override this')] : [];
}

function markOf(finding: Finding, style: Style): string {
  if (finding.state === 'clear') return style.good('✓');
  if (finding.state === 'undecided') return style.warn('?');
  switch (finding.severity) {
    case 'blocker':
    case 'guard':
      return style.bad('✗');
    case 'warning':
      return style.warn('!');
    default:
      return style.dim('·');
  }
}

function subjectText(subject: string): string {
  return addressParse(subject) ? addressShort(subject) : harmless(subject);
}
