import { deadManKeep, deadManOf } from '../apply/dead-man.ts';
import { runRead, runStatus } from '../apply/journal.ts';
import type { RunReport } from '../apply/report.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { harmless } from '../report/terminal.ts';
import { type CliContext, tell } from './context.ts';

/** From the moment the switch fires: the undo may have to ask a guest to shut down. */
const TAKEN_BACK_MS = 150_000;
const POLL_MS = 500;
/** Who was asked until the very end is told what came of it. */
const SOON_MS = 1_000;

/** Says under the host's lock that a run stays. Throws Failure `refused` when it is too late. */
export async function runKeep(host: Host, stateDir: string, number: number): Promise<void> {
  const lock = await host.lock(`keep ${number}`);
  try {
    await deadManKeep(host, stateDir, await runRead(host, stateDir, number));
  } finally {
    await lock.release();
  }
}

/**
 * Asks the person who is still there whether the host is. Who does not answer, or cannot any more, sees the run taken
 * back; who has no terminal is told the command. The report says how it stands then.
 */
export async function keepAsk(
  context: CliContext,
  host: Host,
  stateDir: string,
  report: RunReport,
): Promise<RunReport> {
  const number = report.run;
  if (number === null || report.status !== 'done') return report;
  const armed = deadManOf(host, await runRead(host, stateDir, number));
  if (armed === null) return report;
  const { unit, due } = armed;
  const left = () => Date.parse(due) - host.now().getTime();
  while (context.terminal && left() > 0) {
    const seconds = Math.ceil(left() / 1000);
    const typed = await context.type(
      `still well? type keep within ${seconds} s, or it is taken back: `,
      left(),
    );
    if (typed === '') break;
    if (typed !== 'keep') continue;
    try {
      await runKeep(host, stateDir, number);
      return { ...report, deadMan: { unit, due, kept: true } };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      tell(context, harmless(`vfioctl: ${error.message}`));
      break;
    }
  }
  return { ...report, deadMan: { unit, due, kept: false } };
}

/** A run that its switch took back while we looked on is no longer done: the report ends with the truth. */
export async function keepSettle(host: Host, stateDir: string, report: RunReport): Promise<RunReport> {
  const { run: number, deadMan } = report;
  if (number === null || deadMan === undefined || deadMan.kept) return report;
  const due = Date.parse(deadMan.due);
  if (host.now().getTime() < due - SOON_MS) return report;
  let status = runStatus(await runRead(host, stateDir, number));
  while ((status === 'done' || status === 'open') && host.now().getTime() < due + TAKEN_BACK_MS) {
    await host.sleep(POLL_MS);
    status = runStatus(await runRead(host, stateDir, number));
  }
  const failure = {
    code: 'needs-answer',
    step: null,
    message: 'nobody said in time that the host is still well',
    hint: status === 'undone' ? '' : `see what became of it: journalctl -u ${deadMan.unit}; vfioctl history`,
  };
  return { ...report, status: status === 'undone' ? 'undone' : 'partial', failure, proofs: [] };
}
