import { Worker } from 'node:worker_threads';
import type { FoundFailure } from './session.ts';

export interface WorkerData {
  readonly name: string;
  readonly seed: number;
  readonly milliseconds: number;
  /** How many executions have begun, the length of the last input, and that input. */
  readonly shared: SharedArrayBuffer;
}

export type WorkerMessage = { readonly failure: FoundFailure } | { readonly executions: number };

export interface Watched {
  readonly executions: number;
  readonly failures: readonly FoundFailure[];
}

const INPUT_MAX = 4 * 1024 * 1024;
/** From the begin of one execution: what has not come back by then never does. */
const HANG_MS = 20_000;
const LOOK_MS = 1_000;

/** One parser in a thread of its own, which is ended when an input hangs it. */
export function watched(name: string, seed: number, milliseconds: number): Promise<Watched> {
  const shared = new SharedArrayBuffer(8 + INPUT_MAX);
  const head = new Int32Array(shared, 0, 2);
  const failures: FoundFailure[] = [];
  const data: WorkerData = { name, seed, milliseconds, shared };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: data });
  return new Promise((resolve, reject) => {
    let seen = { count: -1, at: performance.now() };
    const end = (executions: number) => {
      clearInterval(timer);
      void worker.terminate();
      resolve({ executions, failures });
    };
    const timer = setInterval(() => {
      const count = Atomics.load(head, 0);
      if (count !== seen.count) seen = { count, at: performance.now() };
      else if (count > 0 && performance.now() - seen.at > HANG_MS) {
        const input = Buffer.from(shared, 8, head[1]).toString('utf8');
        failures.push({ input, message: `did not come back within ${HANG_MS / 1000} s` });
        end(count);
      }
    }, LOOK_MS);
    worker.on('message', (message: WorkerMessage) => {
      if ('failure' in message) failures.push(message.failure);
      else end(message.executions);
    });
    worker.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
  });
}
