/**
 * `npm run torture`: kills vfioctl at every point of generated plans on generated machines, lets what takes them back
 * run, and looks whether they are as before.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { caseParse, caseText } from './case.ts';
import { topologyOf } from './plans.ts';
import { prove } from './prove.ts';
import { replay } from './replay.ts';
import { lossKind, shrink } from './shrink.ts';
import type { Loss } from './torment.ts';
import type { Share, Told } from './worker.ts';

const USAGE = `usage: npm run torture -- [--seed N] [--kills N | --seconds N] [--workers N]
       npm run torture -- --case CASE
       npm run torture -- --prove [--seed N]
`;
const KILLS = 12_000;
/** So many different losses are made small: each takes its time. */
const SHRUNK = 3;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    kills: { type: 'string' },
    seconds: { type: 'string' },
    workers: { type: 'string' },
    case: { type: 'string' },
    prove: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));

if (values.help) process.stdout.write(USAGE);
else if (values.case !== undefined) process.exitCode = await replayed(values.case);
else if (values.prove) process.exitCode = (await prove(seed, say)) ? 0 : 1;
else process.exitCode = await tortured();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function replayed(text: string): Promise<number> {
  const of = caseParse(text);
  if (of === null) {
    process.stderr.write(`torture: '${text}' is no case\n${USAGE}`);
    return 2;
  }
  return (await replay(of, say)) ? 0 : 1;
}

async function tortured(): Promise<number> {
  const seconds = values.seconds === undefined ? null : Number(values.seconds);
  const wanted = seconds === null ? Number(values.kills ?? KILLS) : Number.POSITIVE_INFINITY;
  const workers = Number(values.workers ?? availableParallelism());
  const until = seconds === null ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000;
  say(`torture: seed ${seed}`);
  const told: Told[] = [];
  const shares = Array.from({ length: workers }, (_, first): Share => {
    return { seed, first, of: workers, kills: Math.ceil(wanted / workers), until };
  });
  const began = Date.now();
  await Promise.all(shares.map((share) => shareWork(share, (one) => told.push(one))));
  const losses = told.flatMap((one) => one.losses);
  await lossesSay(losses);
  const sum = (of: (one: Told) => number): number => told.reduce((total, one) => total + of(one), 0);
  const [kills, cuts] = [sum((one) => one.kills), sum((one) => one.cuts)];
  const topologies = new Set(told.map((one) => topologyOf(one.index))).size;
  say(
    `torture: ${kills - cuts} ends of the process, ${cuts} power cuts, ${sum((one) => one.faults)} faults of tools, ${Math.round((Date.now() - began) / 1000)} s`,
  );
  say(`torture: ${topologies} topologies, ${told.length} plans, ${kills} kills, ${losses.length} lost`);
  return losses.length === 0 ? 0 : 1;
}

function shareWork(share: Share, tell: (told: Told) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: share });
    worker.on('message', tell);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

/** Losses that are alike are told once, and the smallest case of each. */
async function lossesSay(losses: readonly Loss[]): Promise<void> {
  const kinds = new Map<string, Loss[]>();
  for (const loss of losses) {
    const kind = lossKind(loss);
    kinds.set(kind, [...(kinds.get(kind) ?? []), loss]);
  }
  for (const [nth, alike] of [...kinds.values()].entries()) {
    const least = nth < SHRUNK ? await shrink(alike[0]!) : alike[0]!;
    say(`\nlost (${alike.length} alike):`);
    for (const line of least.why) say(`  ${line}`);
    say(`  npm run torture -- --case '${caseText(least.case)}'\n`);
  }
}
