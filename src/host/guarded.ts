import type { Reading, RunResult } from './host.ts';

/** How long a file may take that answers at once where nothing is stuck. */
export const GUARDED_MS = 2_000;
/** Read after each path: the count of its answers says how far the child came, also past empty files. */
const MARKER = '/proc/sys/kernel/ostype';
const CHUNK = 400;
/** A host with more stuck devices than this in one chunk has other sorrows; the rest is then unreadable. */
const STUCK_MAX = 3;
export const SILENT = {
  state: 'unreadable',
  why: 'did not answer in time: the device is stuck in the kernel',
} as const;

/** It did not answer, as against: it may not be read. */
export function readSilent(reading: Reading<string> | undefined): boolean {
  return reading?.state === 'unreadable' && reading.why === SILENT.why;
}

type Run = (argv: readonly string[], options: { deadlineMs: number }) => Promise<RunResult>;

/**
 * Reads small text files through `grep`, so that a read which never returns hangs a child and not us. Paths are
 * read in order by few children; the one that is stuck is skipped, and those after it are read by another.
 */
export async function readGuarded(
  run: Run,
  paths: readonly string[],
  deadlineMs: number,
): Promise<Map<string, Reading<string>>> {
  const answers = new Map<string, Reading<string>>();
  const chunks: (readonly string[])[] = [];
  for (let from = 0; from < paths.length; from += CHUNK) chunks.push(paths.slice(from, from + CHUNK));
  await Promise.all(chunks.map((chunk) => readChunk(run, chunk, deadlineMs, answers)));
  return answers;
}

async function readChunk(
  run: Run,
  paths: readonly string[],
  deadlineMs: number,
  answers: Map<string, Reading<string>>,
): Promise<void> {
  let rest = paths;
  for (let stuck = 0; rest.length > 0 && stuck <= STUCK_MAX; stuck += 1) {
    const files = rest.flatMap((path) => [path, MARKER]);
    // Line-buffered, or what was read before the stuck path would die in the child's buffer.
    const argv = ['grep', '--null', '--with-filename', '--line-buffered', '--text', '', '--', ...files];
    const result = await run(argv, { deadlineMs });
    const answered = parse(rest, result, answers);
    if (!result.timedOut && answered < rest.length) {
      for (const path of rest.slice(answered)) {
        answers.set(path, { state: 'unreadable', why: result.stderr.trim() || 'grep did not read it' });
      }
      return;
    }
    const skipped = rest[answered];
    if (skipped !== undefined) answers.set(skipped, SILENT);
    rest = rest.slice(answered + 1);
  }
  for (const path of rest) answers.set(path, SILENT);
}

/** Fills in the paths that were answered, from the first on, and tells how many they are. */
function parse(paths: readonly string[], result: RunResult, answers: Map<string, Reading<string>>): number {
  const failures = new Map<string, string>();
  for (const line of result.stderr.split('\n')) {
    const match = /^\S*grep: (\/.*): ([^:]+)$/.exec(line);
    if (match) failures.set(match[1]!, match[2]!);
  }
  let answered = 0;
  let lines: string[] = [];
  for (const line of result.stdout.split('\n')) {
    const end = line.indexOf('\0');
    const path = paths[answered];
    if (end < 0 || path === undefined) continue;
    if (line.slice(0, end) !== MARKER) {
      lines.push(`${line.slice(end + 1)}\n`);
      continue;
    }
    answers.set(path, reading(lines.join(''), failures.get(path)));
    answered += 1;
    lines = [];
  }
  return answered;
}

function reading(text: string, failure: string | undefined): Reading<string> {
  if (failure === undefined) return { state: 'read', value: text };
  if (failure === 'No such file or directory' || failure === 'Not a directory') return { state: 'absent' };
  return { state: 'unreadable', why: failure.toLowerCase() };
}
