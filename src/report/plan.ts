import type { Plan } from '../plan/plan.ts';
import { stepShell, stepText } from '../plan/show.ts';
import type { Step } from '../plan/step.ts';
import { harmless, type Style } from './terminal.ts';

const SHELL_COLUMNS = 120;

/** The first line of what would be typed; the XML that goes in by standard input is shown as a difference. */
function shellShort(step: Step, uri: string): string {
  const line = (stepShell(step, uri)[0] ?? '').replace(/ <<'XML'$/, '');
  return line.length > SHELL_COLUMNS ? `${line.slice(0, SHELL_COLUMNS - 1)}…` : line;
}

/** A plan as a person reads it before saying yes: each step with its shell line, then the guest's difference. */
export function planText(plan: Plan, uri: string, style: Style): string[] {
  if (plan.steps.length === 0) return ['nothing to do', ...plan.notes.map((n) => `  ${harmless(n)}`)];
  const lines = ['plan:'];
  plan.steps.forEach((step, index) => {
    lines.push(`  ${index + 1}. ${harmless(stepText(step))}`);
    lines.push(style.dim(`     ${harmless(shellShort(step, uri))}`));
  });
  if (plan.difference.length > 0 && plan.guest) {
    lines.push(`definition of ${harmless(plan.guest.name)} (libvirt adds addresses and ports):`);
    for (const line of plan.difference) {
      const paint = line.startsWith('+') ? style.good : line.startsWith('-') ? style.bad : style.dim;
      lines.push(paint(`  ${harmless(line)}`));
    }
  }
  for (const note of plan.notes) lines.push(`note: ${harmless(note)}`);
  return lines;
}
