import { Failure } from '../failure.ts';
import { type Host, value } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';
import { version } from '../version.ts';
import { journalParse } from './journal-parse.ts';
import type {
  EndRecord,
  IntentRecord,
  JournalEntry,
  JournalRecord,
  OutcomeRecord,
  RunRecord,
} from './record.ts';

const JOURNAL_BYTES = 64 * 1024 * 1024;

/** A run as its journal tells it. */
export interface Run {
  readonly number: number;
  readonly head: RunRecord;
  readonly records: readonly JournalRecord[];
  /** The last line was cut off: the act that it would have told of may or may not have happened. */
  readonly torn: boolean;
}

/** `open`: it stopped before its end, and recovery has to look. `waiting`: for a reboot. */
export type RunStatus = EndRecord['status'] | 'open' | 'waiting';

/** A journal that says less than a run: a newer vfioctl wrote it, or somebody changed it. What it does say is kept. */
export interface RunUnreadable {
  readonly number: number;
  readonly why: string;
  /** What it is about; null: not even that can be read, and it may be about anything. */
  readonly about: RunAbout | null;
  /** `done` and `undone`: nothing of it is under way. Null: it may be, for all that can be read. */
  readonly status: 'done' | 'undone' | null;
}

/** What a run changes; another run that changes any of it builds on it. */
export type RunAbout = Pick<Plan, 'verb' | 'guest' | 'functions'>;

/** Appends to the journal of one run; every append is on the disk before it returns. */
export interface Journal {
  readonly run: number;
  /** All records, also those that the disk did not take: what they tell happened all the same. */
  readonly records: readonly JournalRecord[];
  /** Why the disk did not take a record, the last time; null while it took all. */
  readonly lost: Failure | null;
  /** For what must be on the disk before anything else happens. Throws Failure `state-unwritable`. */
  append(entry: JournalEntry): void;
  /**
   * For what only tells what happened: it goes on without, and `lost` says so. An undo needs no more than the intents
   * that are written before each act, so that a full disk never stands in its way.
   */
  tell(entry: JournalEntry): void;
}

export function bootId(host: Host): string | null {
  return value(host.read('/proc/sys/kernel/random/boot_id'))?.trim() ?? null;
}

/** Opens the journal of a new run. Only under the host's lock: the number is one more than the highest there is. */
export function journalCreate(host: Host, stateDir: string, argv: readonly string[], plan: Plan): Journal {
  host.makeDirectory(runsDirectory(stateDir));
  const number = Math.max(0, ...runNumbers(host, stateDir)) + 1;
  const journal = journalWriter(host, stateDir, number, { records: [], torn: false });
  journal.append({
    type: 'run',
    journal: 'vfioctl/journal/1',
    by: version,
    run: number,
    argv: [...argv],
    plan,
  });
  return journal;
}

/** Goes on with the journal of an earlier run. */
export function journalReopen(host: Host, stateDir: string, run: Run): Journal {
  return journalWriter(host, stateDir, run.number, run);
}

/** The run as its journal has it here and now, without another look at the disk. */
export function journalRun({ run, records }: Journal): Run {
  return { number: run, head: records[0] as RunRecord, records, torn: false };
}

function journalWriter(
  host: Host,
  stateDir: string,
  number: number,
  from: Pick<Run, 'records' | 'torn'>,
): Journal {
  const records = [...from.records];
  const boot = bootId(host);
  let seq = (records.at(-1)?.seq ?? -1) + 1;
  // A line that was cut off is closed first, so that what follows it can be read.
  let torn = from.torn;
  let lost: Failure | null = null;
  const append = (entry: JournalEntry): void => {
    const record: JournalRecord = { seq: seq++, at: host.now().toISOString(), boot, ...entry };
    records.push(record);
    try {
      host.append(runPath(stateDir, number), `${torn ? '\n' : ''}${JSON.stringify(record)}\n`);
      torn = false;
    } catch (error) {
      if (error instanceof Failure) lost = error;
      torn = true;
      throw error;
    }
  };
  return {
    run: number,
    records,
    get lost() {
      return lost;
    },
    append,
    tell(entry) {
      try {
        append(entry);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    },
  };
}

/**
 * All runs, oldest first, and the journals that tell of none. A directory that is not there holds none; one that
 * cannot be read is a failure. A journal without a whole first record is passed over: nothing is done before that one
 * is written.
 */
export async function journalsRead(
  host: Host,
  stateDir: string,
): Promise<{ readonly runs: Run[]; readonly unreadable: RunUnreadable[] }> {
  const runs: Run[] = [];
  const unreadable: RunUnreadable[] = [];
  for (const number of runNumbers(host, stateDir)) {
    const run = await runLoad(host, stateDir, number);
    if (run === null) continue;
    if ('head' in run) runs.push(run);
    else unreadable.push(run);
  }
  return { runs, unreadable };
}

export async function runRead(host: Host, stateDir: string, number: number): Promise<Run> {
  const run = runNumbers(host, stateDir).includes(number) ? await runLoad(host, stateDir, number) : null;
  if (run === null) {
    throw new Failure('not-found', `there is no run ${number}`, 'vfioctl history lists the runs');
  }
  if (!('head' in run)) throw unreadableFailure(run);
  return run;
}

export function unreadableFailure(run: RunUnreadable): Failure {
  return new Failure('journal-invalid', run.why, 'use the vfioctl that wrote it');
}

/** Beside a run that may be under way, and of which nothing can be read, nothing new is begun. */
export function unreadableRefuse(unreadable: readonly RunUnreadable[], about: RunAbout): void {
  const silent = unreadable.find((run) => run.status === null && runsMeet(run.about, about));
  if (silent) throw unreadableFailure(silent);
}

async function runLoad(host: Host, stateDir: string, number: number): Promise<Run | RunUnreadable | null> {
  const path = runPath(stateDir, number);
  const reading = host.read(path, JOURNAL_BYTES);
  if (reading.state === 'read') return journalParse(reading.value, number, path);
  const why = `${path}: ${reading.state === 'absent' ? 'it is gone' : reading.why}`;
  return { number, why, about: null, status: null };
}

/** Both change the same guest, a same function, or a same boot chain. What cannot be read may be about anything. */
export function runsMeet(a: RunAbout | null, b: RunAbout | null): boolean {
  if (a === null || b === null) return true;
  if (a.guest && b.guest && a.guest.uuid === b.guest.uuid) return true;
  if (a.functions.some((f) => b.functions.includes(f))) return true;
  return a.verb === 'prepare' && b.verb === 'prepare';
}

/**
 * How far a run came. One that was killed between the last outcome and its end is as done, or as unknown, as if its
 * end had been written: nothing is left to take back.
 */
export function runStatus(run: Run): RunStatus {
  const last = run.records.findLast(
    (r) => r.type === 'end' || r.type === 'wait-reboot' || r.type === 'intent' || r.type === 'undo-intent',
  );
  if (last?.type === 'end') return last.status;
  if (last?.type === 'wait-reboot') return 'waiting';
  if (run.records.some((r) => r.type === 'undo-intent' || r.type === 'undo-outcome')) return 'open';
  const result = (step: Step) => runOutcome(run, step.id)?.result;
  if (last?.type === 'intent' && runOutcome(run, last.step)?.result === 'unknown') return 'unknown';
  const stands = (step: Step) => result(step) === 'done' || result(step) === 'there';
  const begun = runSteps(run).filter((step) => runIntent(run, step.id));
  return run.head.plan.steps.every(stands) && begun.every(stands) ? 'done' : 'open';
}

/** All steps of a run, in the order in which they are done: what follows the proof comes last. */
export function runSteps(run: Run): Step[] {
  return [...run.head.plan.steps, ...(run.head.plan.deferred ?? [])];
}

export function runIntent(run: Run, step: string): IntentRecord | undefined {
  return run.records.find((r): r is IntentRecord => r.type === 'intent' && r.step === step);
}

export function runOutcome(run: Run, step: string): OutcomeRecord | undefined {
  return run.records.findLast((r): r is OutcomeRecord => r.type === 'outcome' && r.step === step);
}

function runsDirectory(stateDir: string): string {
  return `${stateDir}/runs`;
}

function runPath(stateDir: string, number: number): string {
  return `${runsDirectory(stateDir)}/${String(number).padStart(6, '0')}.ndjson`;
}

function runNumbers(host: Host, stateDir: string): number[] {
  // An undo does what the journal says: whoever may write it would do as root what they like.
  for (const directory of [stateDir, runsDirectory(stateDir)]) {
    const why = host.exposed(directory);
    if (why === null) continue;
    throw new Failure(
      'state-unwritable',
      `${directory} is not trusted: ${why}`,
      'let it belong to root alone, or give another --state-dir',
    );
  }
  const names = host.list(runsDirectory(stateDir));
  if (names.state === 'absent') return [];
  if (names.state === 'unreadable') {
    throw new Failure(
      'state-unwritable',
      `${runsDirectory(stateDir)}: ${names.why}`,
      'run it as root, or give --state-dir',
    );
  }
  return names.value
    .map((n) => /^(\d{6})\.ndjson$/.exec(n)?.[1])
    .filter((n) => n !== undefined)
    .map(Number);
}
