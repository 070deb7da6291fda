import { version } from '../version.ts';
import type { Run, RunAbout, RunUnreadable } from './journal.ts';
import type { JournalRecord } from './record.ts';

/** What a journal's text tells: a run, that there was none yet (null), or less than this version can use. */
export async function journalParse(
  text: string,
  number: number,
  path: string,
): Promise<Run | RunUnreadable | null> {
  // Only who reads journals pays for the library that checks them.
  const { JournalRecord } = await import('./record.ts');
  const lines = linesParse(text);
  const documents = lines.filter((line) => line.json !== undefined);
  if (documents.length === 0) return null;
  const records: JournalRecord[] = [];
  for (const { json, number: line } of documents) {
    const parsed = JournalRecord.safeParse(json);
    if (!parsed.success) {
      const by = field(documents[0]?.json, 'by');
      const writer = typeof by === 'string' ? ` (vfioctl ${by} wrote it)` : '';
      const why = `${path} line ${line} is no record that vfioctl ${version} knows${writer}`;
      return unreadable(number, why, documents);
    }
    records.push(parsed.data);
  }
  const head = records[0];
  if (head?.type !== 'run') return unreadable(number, `${path} does not begin with its run`, documents);
  return { number, head, records, torn: !text.endsWith('\n') };
}

interface Line {
  readonly number: number;
  /** Undefined for a line that was cut off: the last, or one that a later record closed and went on from. */
  readonly json: unknown;
}

function linesParse(text: string): Line[] {
  return text.split('\n').flatMap((line, index) => {
    if (line === '') return [];
    try {
      return [{ number: index + 1, json: JSON.parse(line) as unknown }];
    } catch {
      return [{ number: index + 1, json: undefined }];
    }
  });
}

/** Of a journal that this version cannot read, what every version writes: the plan's head, and how it ended. */
function unreadable(number: number, why: string, documents: readonly Line[]): RunUnreadable {
  const plan = field(documents[0]?.json, 'plan');
  const guest = field(plan, 'guest');
  const functions = field(plan, 'functions');
  const known = typeof field(guest, 'uuid') === 'string' || guest === null;
  const about = known && Array.isArray(functions) ? (plan as RunAbout) : null;
  const last = documents.at(-1)?.json;
  const status = field(last, 'type') === 'end' ? field(last, 'status') : null;
  return { number, why, about, status: status === 'done' || status === 'undone' ? status : null };
}

function field(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}
