/** Counting the interrupts of one function in /proc/interrupts, of the host and of the guest alike. */

export interface InterruptLine {
  readonly irq: string;
  /** Over all processors. */
  readonly count: number;
  /** Everyone who handles it; more than one only where the line is shared, as level-triggered INTx may be. */
  readonly names: readonly string[];
  /** The line with its white space folded. */
  readonly text: string;
}

/** /proc/interrupts at three moments: on arrival, just before the function was made to work, and at the end. */
export interface InterruptReadings {
  readonly start: string;
  readonly idle: string;
  readonly end: string;
}

/** What happened to the function between `idle` and `end`. */
export type Exercise = { readonly done: true } | { readonly done: false; readonly why: string };

export interface InterruptCount {
  /** As they stood at the end. */
  readonly lines: readonly InterruptLine[];
  readonly start: number;
  readonly idle: number;
  readonly end: number;
  /** Who else is counted on the same lines. */
  readonly others: readonly string[];
}

/**
 * The numbered lines. The kernel pads what stands before the handlers' names to at least two blanks, and joins the
 * names by a comma; how it writes chip and trigger differs by kernel and architecture (kernel/irq/proc.c).
 */
export function interruptsParse(text: string): InterruptLine[] {
  const [header = '', ...rows] = text.split('\n');
  const processors = header.trim().split(/\s+/).length;
  return rows.flatMap((row) => {
    const match = /^\s*(\d+):\s*(.*?)\s*$/.exec(row);
    if (!match) return [];
    const [, irq, rest] = match as unknown as [string, string, string];
    const counts = rest.split(/\s+/).slice(0, processors).map(Number);
    const names = rest.split(/\s{2,}/).at(-1)!;
    return [
      {
        irq,
        count: counts.reduce((sum, n) => sum + n, 0),
        names: names.split(', '),
        text: row.trim().replace(/\s+/g, ' '),
      },
    ];
  });
}

/** `mine` picks the function's lines, `own` its name among those that share a line. */
export function interruptsCount(
  readings: InterruptReadings,
  mine: (line: InterruptLine) => boolean,
  own: (name: string) => boolean,
): InterruptCount {
  const at = (text: string): InterruptLine[] => interruptsParse(text).filter(mine);
  const sum = (lines: readonly InterruptLine[]): number =>
    lines.reduce((total, line) => total + line.count, 0);
  const lines = at(readings.end);
  return {
    lines,
    start: sum(at(readings.start)),
    idle: sum(at(readings.idle)),
    end: sum(lines),
    others: lines.flatMap((line) => (line.names.length > 1 ? line.names.filter((name) => !own(name)) : [])),
  };
}

/**
 * What the count says. `sinceGuest`: the line began to count with this guest, so that what it has counted at all is
 * the function's work there. A line that others share proves something only when it was quiet before the exercise.
 */
export function interruptsVerdict(
  count: InterruptCount,
  exercise: Exercise,
  sinceGuest: boolean,
): 'alive' | 'flat' | 'unknown' {
  const work = count.end - count.idle;
  if (exercise.done && work <= 0) return 'flat';
  if (count.others.length > 0) return exercise.done && count.idle === count.start ? 'alive' : 'unknown';
  if (exercise.done || count.end > count.start) return 'alive';
  return sinceGuest && count.end > 0 ? 'alive' : 'unknown';
}
