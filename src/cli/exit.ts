import type { RunReport } from '../apply/report.ts';
import type { FailureCode } from '../failure.ts';
import type { Proof } from '../proof/proof.ts';
import { proofsVerdict } from '../proof/verdict.ts';

/** Exit codes: one documented set for every command. */
export const EXIT = {
  /** Done, or ready. */
  done: 0,
  /** A fault of ours. */
  fault: 1,
  usage: 2,
  /** A guard or a blocker says no; nothing was changed. */
  refused: 3,
  /** Failed, and all of it undone. */
  undone: 4,
  /** Failed and not all undone, or the outcome is unknown. */
  partial: 5,
  /** Goes on after a reboot. */
  reboot: 6,
  /** Looked and found wanting, or done and not proven. */
  wanting: 7,
  /** Interrupted, all undone. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_FAILURE: Readonly<Record<FailureCode, ExitCode>> = {
  usage: EXIT.usage,
  'not-found': EXIT.usage,
  ambiguous: EXIT.usage,
  'capture-invalid': EXIT.usage,
  'xml-invalid': EXIT.usage,
  'not-simulated': EXIT.usage,
  refused: EXIT.refused,
  'needs-answer': EXIT.refused,
  'needs-root': EXIT.refused,
  'no-libvirt': EXIT.refused,
  'read-only': EXIT.refused,
  'state-unwritable': EXIT.refused,
  busy: EXIT.refused,
  changed: EXIT.refused,
  'journal-invalid': EXIT.refused,
  'step-failed': EXIT.undone,
  'outcome-unknown': EXIT.partial,
  interrupted: EXIT.interrupted,
};

export function exitOfFailure(code: FailureCode): ExitCode {
  return BY_FAILURE[code];
}

export function exitOfRun(report: RunReport): ExitCode {
  switch (report.status) {
    case 'refused':
      return EXIT.refused;
    case 'undone':
      if (report.failure === null) return EXIT.done;
      return report.failure.code === 'interrupted' ? EXIT.interrupted : EXIT.undone;
    case 'partial':
    case 'unknown':
      return EXIT.partial;
    case 'waiting':
      return EXIT.reboot;
    default:
      if (report.failure !== null) return EXIT.wanting;
      return report.proofs.length === 0 ? EXIT.done : exitOfProofs(report.proofs);
  }
}

export function exitOfProofs(proofs: readonly Proof[]): ExitCode {
  return proofsVerdict(proofs) === 'proven' ? EXIT.done : EXIT.wanting;
}
