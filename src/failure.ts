/**
 * Every failure that we expect: one closed set of codes, what happened, and what to do next.
 * Known failures print one line and their hint; anything else is a defect of ours and prints its stack.
 */
export type FailureCode =
  | 'usage' // the command line is wrong
  | 'not-found' // a selector, guest, run or file names nothing
  | 'ambiguous' // a selector names more than was meant
  | 'refused' // a guard or blocker says no
  | 'needs-answer' // nobody is there to be asked
  | 'needs-root' // this user may not change the host
  | 'no-libvirt' // libvirt does not answer
  | 'capture-invalid' // a capture is cut off, of another kind, or of a newer version
  | 'read-only' // the host is a capture or a directory
  | 'state-unwritable' // journal or lock cannot be written
  | 'busy' // another vfioctl holds the lock
  | 'changed' // the host changed between plan and apply
  | 'step-failed' // a step failed
  | 'outcome-unknown' // a tool did not answer in time; its job may go on
  | 'not-simulated' // the simulated host does not know that operation
  | 'xml-invalid' // a definition cannot be read: not well-formed, or hostile
  | 'journal-invalid' // a journal cannot be read or is of a newer version
  | 'interrupted'; // Ctrl-C or SIGTERM

export class Failure extends Error {
  readonly code: FailureCode;
  /** What to do next, one sentence; empty when there is nothing better to say than the message. */
  readonly hint: string;

  constructor(code: FailureCode, message: string, hint = '', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.code = code;
    this.hint = hint;
  }
}

/** What an act fails with, as a value: where its step stands then is looked at before it counts. */
export async function failureFrom(act: Promise<void>): Promise<Failure | null> {
  try {
    await act;
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
