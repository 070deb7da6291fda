import type { Bench } from '../bench/bench.ts';

/** A journal as the harness reads it, without vfioctl's own reader: types and steps only. */
export type JournalSeen = {
  readonly records: readonly RecordSeen[];
  /** What follows the last line end. */
  readonly torn: string;
};

export type RecordSeen = { readonly type: string; readonly step: string | null };

const runs = '/var/lib/vfioctl/runs';

export function journalPath(run: number): string {
  return `${runs}/${String(run).padStart(6, '0')}.ndjson`;
}

/** The number that the next run will have. */
export async function runNext(bench: Bench): Promise<number> {
  const names = (await bench.sh(`ls ${runs} 2> /dev/null || true`)).split('\n');
  return Math.max(0, ...names.map((name) => Number.parseInt(name, 10)).filter((number) => number > 0)) + 1;
}

/** Null when there is no such file. */
export async function journalSeen(bench: Bench, run: number): Promise<JournalSeen | null> {
  const path = journalPath(run);
  const { code, stdout } = await bench.attempt(`cut -c1-400 ${path} && tail -c 1 ${path} | od -An -tx1`);
  return code === 0 ? journalOf(stdout) : null;
}

/** Reads the first characters of each line, and at the end the last byte of the file. */
export function journalOf(text: string): JournalSeen {
  const lines = text.split('\n').filter((line) => line !== '');
  const whole = lines.at(-1)?.trim() === '0a';
  const kept = lines.slice(0, -1);
  const torn = whole || kept.length === 0 ? '' : (kept.pop() ?? '');
  return { records: kept.map(recordOf), torn };
}

/** Type and step stand before all that is long. */
function recordOf(line: string): RecordSeen {
  const type = /"type":"([a-z-]+)"/.exec(line)?.[1];
  if (type === undefined) throw new Error(`no record of a journal: ${line}`);
  return { type, step: /"type":"[a-z-]+","step":"([^"]+)"/.exec(line)?.[1] ?? null };
}
