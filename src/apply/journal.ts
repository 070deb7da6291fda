import { Failure } from '../failure.ts';
import { type Host, value } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';
import { version } from '../version.ts';
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

/** Appends to the journal of one run; every append is on the disk before it returns. */
export interface Journal {
  readonly run: number;
  append(entry: JournalEntry): void;
}

export function bootId(host: Host): string | null {
  return value(host.read('/proc/sys/kernel/random/boot_id'))?.trim() ?? null;
}

/** Opens the journal of a new run. Only under the host's lock: the number is one more than the highest there is. */
export function journalCreate(host: Host, stateDir: string, argv: readonly string[], plan: Plan): Journal {
  host.makeDirectory(runsDirectory(stateDir));
  const number = Math.max(0, ...runNumbers(host, stateDir)) + 1;
  const journal = journalWriter(host, stateDir, number, 0);
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

/** Goes on with the journal of an earlier run; a torn last line is closed first, so that what follows can be read. */
export function journalReopen(host: Host, stateDir: string, run: Run): Journal {
  if (run.torn) host.append(runPath(stateDir, run.number), '\n');
  return journalWriter(host, stateDir, run.number, (run.records.at(-1)?.seq ?? 0) + 1);
}

function journalWriter(host: Host, stateDir: string, number: number, firstSeq: number): Journal {
  let seq = firstSeq;
  const boot = bootId(host);
  return {
    run: number,
    append(entry) {
      const record = { seq: seq++, at: host.now().toISOString(), boot, ...entry };
      host.append(runPath(stateDir, number), `${JSON.stringify(record)}\n`);
    },
  };
}

/** All runs, oldest first. A directory that is not there holds none; one that cannot be read is a failure. */
export async function runsRead(host: Host, stateDir: string): Promise<Run[]> {
  const runs: Run[] = [];
  for (const number of runNumbers(host, stateDir)) runs.push(await runRead(host, stateDir, number));
  return runs;
}

export async function runRead(host: Host, stateDir: string, number: number): Promise<Run> {
  const path = runPath(stateDir, number);
  const reading = host.read(path, JOURNAL_BYTES);
  if (reading.state === 'absent') {
    throw new Failure('not-found', `there is no run ${number}`, 'vfioctl history lists the runs');
  }
  if (reading.state === 'unreadable')
    throw new Failure('journal-invalid', `${path}: ${reading.why}`, 'run it as root');
  return runParse(reading.value, number, path);
}

/** Lines that cannot be read are only forgiven at the end of the file, where a power cut leaves them. */
async function runParse(text: string, number: number, path: string): Promise<Run> {
  const { JournalRecord } = await import('./record.ts');
  const records: JournalRecord[] = [];
  let torn = false;
  const lines = text.split('\n');
  const whole = text.endsWith('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      // Either the very last line, or one that a later recovery closed with a newline and went on from.
      torn = torn || (index === lines.length - 1 && !whole);
      continue;
    }
    const parsed = JournalRecord.safeParse(json);
    if (!parsed.success) {
      throw new Failure(
        'journal-invalid',
        `${path} line ${index + 1} is not a record of this version`,
        'it was written by a newer vfioctl, or changed by hand: use the version that wrote it',
      );
    }
    records.push(parsed.data);
  }
  const head = records[0];
  if (head?.type !== 'run') {
    throw new Failure(
      'journal-invalid',
      `${path} does not begin with its run`,
      'nothing of it can be undone by vfioctl',
    );
  }
  return { number, head, records, torn };
}

export function runStatus(run: Run): RunStatus {
  const last = run.records.findLast(
    (r) => r.type === 'end' || r.type === 'wait-reboot' || r.type === 'intent' || r.type === 'undo-intent',
  );
  if (last?.type === 'end') return last.status;
  if (last?.type === 'wait-reboot') return 'waiting';
  return 'open';
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
