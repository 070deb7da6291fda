import { bootId, journalReopen, journalsRead, runStatus } from './journal.ts';
import { stepCheck } from './settle.ts';
import type { ApplyContext } from './steps/kind.ts';

/** A run that waited for a reboot, looked at again on the new boot. */
export interface Resumed {
  readonly run: number;
  readonly done: boolean;
  readonly why: string;
}

/**
 * Goes on with the runs that waited for a reboot which has come: every step is read back, and the argument must be on
 * the command line of the kernel that runs now, not only in the boot entries. Under the host's lock.
 */
export async function runsResume(context: ApplyContext, stateDir: string): Promise<Resumed[]> {
  const resumed: Resumed[] = [];
  const boot = bootId(context.host);
  const { runs } = await journalsRead(context.host, stateDir);
  for (const run of runs) {
    if (runStatus(run) !== 'waiting' || run.records.at(-1)?.boot === boot) continue;
    const wanting: string[] = [];
    const commandLine = context.host.read('/proc/cmdline');
    const words = commandLine.state === 'read' ? commandLine.value.trim().split(/\s+/) : [];
    for (const step of run.head.plan.steps) {
      const check = await stepCheck(context, step);
      if (check.state !== 'after') wanting.push(check.shown);
      if (step.kind === 'kernel-argument' && !words.includes(step.target.argument)) {
        wanting.push(`${step.target.argument} is not on the command line of the running kernel`);
      }
    }
    const done = wanting.length === 0;
    journalReopen(context.host, stateDir, run).append({ type: 'end', status: done ? 'done' : 'partial' });
    resumed.push({
      run: run.number,
      done,
      why: done ? 'the reboot has come, and all is as planned' : wanting.join('; '),
    });
  }
  return resumed;
}
