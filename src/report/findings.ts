import type { Finding } from '../findings/finding.ts';
import { addressParse, addressShort } from '../model/address.ts';
import { fold } from './table.ts';
import { harmless, type Style } from './terminal.ts';

export interface FindingsTextOptions {
  readonly style: Style;
  readonly columns: number;
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
  const width = Math.max(40, columns - 4);
  const lines = fold(harmless(finding.why), width).map((l, i) =>
    i === 0 ? `  ${markOf(finding, style)} ${l}` : `    ${l}`,
  );
  // A consequence is cured with its cause: its own remedy would only lead astray.
  if (finding.causedBy && finding.state !== 'clear')
    return [...lines, style.dim(`      follows from ${finding.causedBy}`)];
  if (finding.state === 'found' || verbose) {
    for (const { source, line, text } of finding.evidence) {
      const where = line === null ? source : `${source}:${line}`;
      lines.push(style.dim(`      ${harmless(where)}: ${harmless(text)}`));
    }
  }
  if (finding.state === 'found' && finding.remedy) {
    const { text, command, cost } = finding.remedy;
    lines.push(
      ...fold(`→ ${harmless(text)}${cost ? ` (${harmless(cost)})` : ''}`, width, '  ').map((l) => `    ${l}`),
    );
    if (command) lines.push(`      ${harmless(command)}`);
  }
  if (finding.state === 'undecided')
    for (const ask of finding.asks) lines.push(style.dim(`      ${harmless(ask)}`));
  return lines;
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
