import type { RunReport } from '../apply/report.ts';
import { proofsText } from './proofs.ts';
import { harmless, type Style } from './terminal.ts';

const MARK: Readonly<Record<RunReport['steps'][number]['result'], string>> = {
  done: '✓',
  there: '=',
  failed: '✗',
  unknown: '?',
  undone: '↩',
  left: '✗',
  skipped: '-',
  waiting: '…',
};

/** Where the word alone would not say it. */
const RESULT: Partial<typeof MARK> = { there: 'so already', left: 'not taken back' };

const WORDS: Readonly<Record<RunReport['status'], string>> = {
  nothing: 'nothing to do',
  planned: 'nothing was changed',
  done: 'done',
  undone: 'all undone',
  partial: 'not all of it is undone',
  unknown: 'the outcome is unknown',
  waiting: 'waits for a reboot',
  refused: 'refused; nothing was changed',
};

/** What came of a run: its steps, its failure with what to do, its proofs, one closing line. */
export function runText(report: RunReport, style: Style, columns: number | null = null): string[] {
  const begun = report.status === 'refused' || report.status === 'planned' ? [] : report.steps;
  const lines = begun.map(({ text, result }) => {
    const how = result === 'done' ? '' : style.dim(` (${RESULT[result] ?? result})`);
    return `  ${MARK[result]} ${harmless(text)}${how}`;
  });
  if (report.failure) {
    lines.push(style.bad(`failed: ${harmless(report.failure.message)}`));
    if (report.failure.hint !== '') lines.push(`  → ${harmless(report.failure.hint)}`);
  }
  lines.push(...proofsText(report.proofs, style, columns));
  if (report.verb === 'undo') lines.push(...report.notes.map((n) => `note: ${harmless(n)}`));
  lines.push(`${report.verb}: ${WORDS[report.status]}${whatNext(report)}`);
  return lines;
}

function whatNext({ run, status, deadMan }: RunReport): string {
  if (status === 'waiting') return '; after it: vfioctl status';
  if (run === null || status !== 'done') return '';
  if (deadMan && !deadMan.kept) {
    return `; at ${deadMan.due.slice(11, 19)} UTC it is taken back, unless you say: vfioctl keep ${run}`;
  }
  return `; take it back with: vfioctl undo ${run}`;
}
