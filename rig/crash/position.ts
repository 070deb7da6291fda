import type { RecordSeen } from './journal-seen.ts';

/** Where in an act a run was cut off: its intent was written and it had not begun, it ran, or it was done. */
export type Place = 'before' | 'inside' | 'after';

/** What was seen at the cut. */
export type CutSeen = {
  /** The journal's last record that reached the disk; null for none. */
  readonly last: RecordSeen | null;
  /** The run's changing tool lived. */
  readonly toolLives: boolean;
  /** The tool had ended. */
  readonly toolEnded: boolean;
};

/** The place that the evidence shows, whatever was meant. */
export function placeOf({ last, toolLives, toolEnded }: CutSeen): Place {
  if (toolLives) return 'inside';
  if (toolEnded) return 'after';
  switch (last?.type) {
    case 'outcome':
    case 'undo-outcome':
    case 'end':
      return 'after';
    case undefined:
    case 'run':
    case 'intent':
    case 'undo-intent':
      return 'before';
    default:
      throw new Error(`a cut at a record ${last?.type} without a tool`);
  }
}
