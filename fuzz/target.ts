/** One parser with what must be so whatever it is fed. */
export interface Target {
  readonly name: string;
  /** What it understands: inputs are made of these, and of its corpus. */
  seeds(): readonly string[] | Promise<readonly string[]>;
  /** Words that mean something to it. */
  readonly words: readonly string[];
  /** The first line says what the rest stands for, and is mostly left as it is. */
  readonly headed?: true;
  /** Throws when something is not so; a Failure that the parser itself throws is its answer. */
  run(input: string): void | Promise<void>;
}

/** Of processor time, and what a large input may take besides: more is a time that grows faster than the input. */
const BUDGET_MS = 250;
const BUDGET_MS_PER_KIB = 1;
/** Whoever else uses the machine may slow one run down, and the first runs are slow by themselves. */
const TRIES = 3;

/** Runs the target once, and within its time. Throws what the target throws, or that it was too slow. */
export async function execute(target: Target, input: string): Promise<void> {
  const budget = BUDGET_MS + (input.length / 1024) * BUDGET_MS_PER_KIB;
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && best > budget; tries++) {
    const begun = process.threadCpuUsage();
    await target.run(input);
    const { user, system } = process.threadCpuUsage(begun);
    best = Math.min(best, (user + system) / 1000);
  }
  if (best > budget)
    throw new Error(
      `took ${best.toFixed(0)} ms for ${input.length} characters, ${budget.toFixed(0)} at most`,
    );
}
