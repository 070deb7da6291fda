import { parentPort, workerData } from 'node:worker_threads';
import { session } from './session.ts';
import { targetNamed } from './targets/index.ts';
import type { WorkerData, WorkerMessage } from './watch.ts';

const { name, seed, milliseconds, shared } = workerData as WorkerData;
const head = new Int32Array(shared, 0, 2);
const bytes = Buffer.from(shared, 8);
const post = (message: WorkerMessage) => parentPort!.postMessage(message);

/** The main thread can read it while this one is inside a loop that does not end. */
function begins(input: string): void {
  head[1] = bytes.write(input);
  Atomics.add(head, 0, 1);
}

const { executions } = await session(targetNamed(name), {
  seed,
  milliseconds,
  begins,
  found: (failure) => post({ failure }),
});
post({ executions });
