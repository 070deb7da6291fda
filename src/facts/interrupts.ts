import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

/** What a kernel is built for at the most (arch/x86/Kconfig). */
const NR_CPUS = 8192;

type Interrupt = NonNullable<Snapshot['interrupts']>[number];

/** The numbered lines of /proc/interrupts, counts added up over all processors. */
export function interruptLines(look: Look): Interrupt[] | undefined {
  return look.once('interrupts', () => {
    const text = look.text('interrupts', '/proc/interrupts');
    return text === undefined ? undefined : interruptsOf(text ?? '');
  });
}

function interruptsOf(text: string): Interrupt[] {
  const [head = '', ...rows] = text.split('\n');
  const processors = Math.min(head.trim().split(/\s+/).length, NR_CPUS);
  const row = new RegExp(`^\\s*(\\d+):((?:\\s+\\d+){${processors}})\\s+(.*)$`);
  return rows.flatMap((line) => {
    const [, irq, counts, rest] = row.exec(line) ?? [];
    if (irq === undefined || counts === undefined || rest === undefined) return [];
    const fields = rest.trim().split(/\s{2,}/);
    // A line that nobody handles ends with the trigger.
    const name = /-(edge|level|fasteoi)$/.test(fields.at(-1) ?? '') ? '' : (fields.pop() ?? '');
    const count = counts
      .trim()
      .split(/\s+/)
      .reduce((sum, n) => sum + Number(n), 0);
    return [{ irq, count, chip: fields.join(' '), name }];
  });
}
