import { parentPort, workerData } from 'node:worker_threads';
import { type Loss, torment } from './torment.ts';

/** What one of several workers is to do: every `of`-th scenario from its own on, until it is told or has enough. */
export interface Share {
  readonly seed: number;
  readonly first: number;
  readonly of: number;
  readonly kills: number;
  readonly until: number;
}

/** Told after each scenario that is real. */
export interface Told {
  readonly index: number;
  readonly kills: number;
  readonly cuts: number;
  readonly faults: number;
  readonly losses: readonly Loss[];
}

/** Enough of one scenario to meet many of its points, and not so much that few scenarios are met. */
const KILLS_A_PLAN = 100;
const PLANS_AT_LEAST = 12;
const FAULTS_A_PLAN = 12;

/** Runs one share, and tells of each scenario. */
export async function shareRun(share: Share, tell: (told: Told) => void): Promise<void> {
  const seen = new Set<string>();
  const most = Math.min(KILLS_A_PLAN, Math.ceil(share.kills / PLANS_AT_LEAST));
  let left = share.kills;
  for (let index = share.first; left > 0 && Date.now() < share.until; index += share.of) {
    const done = await torment(
      { seed: share.seed, index, without: [], blows: [], fault: null },
      { kills: Math.min(left, most), faults: FAULTS_A_PLAN, mutation: null, seen },
    );
    left -= done.kills;
    const { real, ...told } = done;
    if (real) tell({ index, ...told });
  }
}

if (parentPort) {
  const port = parentPort;
  await shareRun(workerData as Share, (told) => port.postMessage(told));
}
