import assert from 'node:assert/strict';
import type { HistoryDocument, StatusDocument } from '../../src/report/documents.ts';
import type { Bench } from '../bench/bench.ts';
import { exitIs, runReport } from '../bench/lend.ts';
import { type HostState, hostDifferences, hostState } from '../bench/witness.ts';

/**
 * `history` and `status` name the run that was cut off, and status says how to take it back. One that lacks its end
 * only, all its steps done, is done.
 */
export async function cutOffSaid(bench: Bench, run: number, said: 'open' | 'done'): Promise<void> {
  assert.equal(await runStatusSaid(bench, run), said);
  const { runs, next } = (await bench.vfioctl('status', '--json')).json() as StatusDocument;
  assert.deepEqual(
    runs?.map((pending) => [pending.run, pending.status]),
    said === 'open' ? [[run, said]] : [],
  );
  if (said === 'open') assert.equal(next, `vfioctl undo ${run}`);
}

/** What `history` says of a run; undefined when it knows no such run. */
export async function runStatusSaid(bench: Bench, run: number): Promise<string | undefined> {
  const result = await bench.vfioctl('history', '--json');
  exitIs(result, 0);
  return (result.json() as HistoryDocument).runs.find((entry) => entry.run === run)?.status;
}

/** `vfioctl undo`, once, takes the run back. */
export async function takenBack(bench: Bench, run: number): Promise<void> {
  const result = await bench.vfioctl('undo', '--yes', '--json');
  exitIs(result, 0);
  const report = runReport(result);
  assert.equal(report.run, run, 'another run was taken back');
  assert.equal(report.status, 'undone');
}

/** The independent witness: everything is as it was then. */
export async function asBefore(bench: Bench, before: HostState): Promise<void> {
  const differences = hostDifferences(before, await hostState(bench.machine));
  assert.deepEqual(differences, [], `the host is not as it was before\n${differences.join('\n')}`);
}

/** The witness can tell: what was cut off has left something, so that an undo which did nothing would be seen. */
export async function leftSomething(bench: Bench, before: HostState): Promise<void> {
  const differences = hostDifferences(before, await hostState(bench.machine));
  assert.notDeepEqual(differences, [], 'the witness sees no trace of what was cut off');
  const [first = ''] = differences;
  bench.notes.push(`left: ${first.split('\n')[0]}`);
}
