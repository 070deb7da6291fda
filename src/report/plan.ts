import type { Plan } from '../plan/plan.ts';
import { stepShell, stepText } from '../plan/show.ts';
import type { Step } from '../plan/step.ts';
import { fold } from './table.ts';
import { COLUMNS, harmless, type Style } from './terminal.ts';

/** The shortest that still holds the virsh lines that a person may want to copy. */
const SHELL_COLUMNS = 80;

/** The first line of what would be typed; the XML that goes in by standard input is shown as a difference. */
function shellShort(step: Step, uri: string, columns: number | null): string {
  const line = harmless(stepShell(step, uri)[0] ?? '').replace(/ <<'XMLX*'$/, '');
  const width = Math.max(SHELL_COLUMNS, (columns ?? COLUMNS) - 5);
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

/** A plan as a person reads it before saying yes: each step with its shell line, then the guest's difference. */
export function planText(plan: Plan, uri: string, style: Style, columns: number | null = null): string[] {
  if (plan.steps.length === 0) return ['nothing to do', ...plan.notes.map((n) => `  ${harmless(n)}`)];
  const lines = ['plan:'];
  plan.steps.forEach((step, index) => {
    lines.push(`  ${index + 1}. ${harmless(stepText(step))}`);
    lines.push(style.dim(`     ${shellShort(step, uri, columns)}`));
  });
  for (const step of plan.deferred ?? []) {
    lines.push(`  then, once that is proven: ${harmless(stepText(step))}`);
    lines.push(style.dim(`     ${shellShort(step, uri, columns)}`));
  }
  if (plan.difference.length > 0 && plan.guest) {
    lines.push(`definition of ${harmless(plan.guest.name)} (libvirt adds addresses and ports):`);
    for (const line of plan.difference) {
      const paint = line.startsWith('+') ? style.good : line.startsWith('-') ? style.bad : style.dim;
      lines.push(paint(`  ${harmless(line)}`));
    }
  }
  for (const note of plan.notes) {
    const text = `note: ${harmless(note)}`;
    lines.push(...(columns === null ? [text] : fold(text, columns, '  ')));
  }
  return lines;
}
