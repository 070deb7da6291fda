import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { bootId, type Run } from './journal.ts';

const WAIT_MS = 120_000;

/**
 * Waits for a tool that a killed vfioctl left running: undoing beside it could be overtaken by it. Pid and start time
 * together name one process (field 22 of /proc/PID/stat), so a pid that was given away again is not waited for.
 */
export async function orphansWait(host: Host, run: Run): Promise<void> {
  const last = run.records.at(-1);
  if (last?.type !== 'child' || last.boot !== bootId(host)) return;
  const end = host.now().getTime() + WAIT_MS;
  while (processStart(host, last.pid) === last.startTicks && last.startTicks !== null) {
    if (host.now().getTime() >= end) {
      throw new Failure(
        'busy',
        `${last.argv.join(' ')} (pid ${last.pid}) of run ${run.number} still runs`,
        'wait for it, then run vfioctl undo again',
      );
    }
    await host.sleep(500);
  }
}

/** Field 22 of /proc/PID/stat, counted after the command name, which may itself hold spaces and brackets. */
function processStart(host: Host, pid: number): number | null {
  const stat = host.read(`/proc/${pid}/stat`);
  if (stat.state !== 'read') return null;
  const field = stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ')[19];
  return field === undefined ? null : Number(field);
}
