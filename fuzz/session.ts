import { type Random, random } from '../torture/random.ts';
import { corpus } from './corpus.ts';
import { mutate } from './mutate.ts';
import { execute, type Target } from './target.ts';

export interface FoundFailure {
  readonly input: string;
  readonly message: string;
}

export interface SessionOptions {
  readonly seed: number;
  readonly milliseconds: number;
  readonly executions?: number;
  /** Called before each execution: what is told last is what never came back. */
  readonly begins?: (input: string) => void;
  /** Called for each failure of its own kind as it is found. */
  readonly found?: (failure: FoundFailure) => void;
}

/** Of many inputs that fail alike one is enough. */
const KINDS_MAX = 10;
const SHRINK_MS = 5_000;

/** Corpus and seeds as they are, then whatever chance makes of them until the time is over. */
export async function session(
  target: Target,
  options: SessionOptions,
): Promise<{ executions: number; failures: FoundFailure[] }> {
  const {
    seed,
    milliseconds,
    executions: most = Number.POSITIVE_INFINITY,
    begins = () => {},
    found = () => {},
  } = options;
  const chance = random(seed, ...[...target.name].map((c) => c.charCodeAt(0)));
  const pool = [...corpus(target.name).map(({ input }) => input), ...(await target.seeds())];
  if (pool.length === 0) throw new Error(`${target.name} has no seeds`);
  const failures = new Map<string, FoundFailure>();
  const end = performance.now() + milliseconds;
  let executions = 0;
  for (; executions < most && performance.now() < end && failures.size < KINDS_MAX; executions++) {
    const input = pool[executions] ?? next(target, pool, chance);
    begins(input);
    const message = await failureOf(target, input);
    if (message === null || failures.has(kindOf(message))) continue;
    const smaller = await shrink(target, input, message, begins);
    failures.set(kindOf(message), { input: smaller, message });
    found({ input: smaller, message });
  }
  return { executions, failures: [...failures.values()] };
}

function next({ words, headed }: Target, pool: readonly string[], chance: Random): string {
  const input = chance.pick(pool);
  if (!headed || chance.chance(0.1)) return mutate(input, pool, words, chance);
  const end = input.indexOf('\n') + 1;
  const bodies = pool.map((other) => other.slice(other.indexOf('\n') + 1));
  return input.slice(0, end) + mutate(input.slice(end), bodies, words, chance);
}

async function failureOf(target: Target, input: string): Promise<string | null> {
  try {
    await execute(target, input);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Where it was thrown tells one kind from another, for a message often holds the input. */
function kindOf(message: string): string {
  const place = message.split('\n').find((line) => /^\s+at /.test(line) && !line.includes('node:'));
  return `${message.slice(0, 12)} ${place ?? ''}`.replace(/\d+ ms/, '');
}

/** Takes away what does not matter, in ever smaller pieces. */
async function shrink(
  target: Target,
  input: string,
  message: string,
  begins: (input: string) => void,
): Promise<string> {
  const end = performance.now() + SHRINK_MS;
  let small = input;
  for (let size = Math.ceil(small.length / 2); size > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < small.length && performance.now() < end; ) {
      const shorter = small.slice(0, at) + small.slice(at + size);
      begins(shorter);
      const now = await failureOf(target, shorter);
      if (now !== null && kindOf(now) === kindOf(message)) small = shorter;
      else at += size;
    }
  }
  return small;
}
