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
export function runText(report: RunReport, style: Style): string[] {
  const begun = report.status === 'refused' || report.status === 'planned' ? [] : report.steps;
  const lines = begun.map(
    (s) => `  ${MARK[s.result]} ${harmless(s.text)}${s.result === 'done' ? '' : style.dim(` (${s.result})`)}`,
  );
  if (report.failure) {
    lines.push(style.bad(`failed: ${harmless(report.failure.message)}`));
    if (report.failure.hint !== '') lines.push(`  → ${harmless(report.failure.hint)}`);
  }
  lines.push(...proofsText(report.proofs, style));
  if (report.verb === 'undo') lines.push(...report.notes.map((n) => `note: ${harmless(n)}`));
  const undo =
    report.run !== null && report.status === 'done' ? `; take it back with: vfioctl undo ${report.run}` : '';
  lines.push(`${report.verb}: ${WORDS[report.status]}${undo}`);
  return lines;
}
