import type { Need } from '../../facts/snapshot.ts';
import type { Host } from '../../host/host.ts';
import { planPrepare, readinessOf } from '../../plan/prepare.ts';
import { harmless } from '../../report/terminal.ts';
import { changeRun, runPrint } from '../change.ts';
import { type CliContext, tell } from '../context.ts';
import { EXIT, type ExitCode, exitOfRun } from '../exit.ts';
import { type ChangeFlags, stateDirOf } from '../flags.ts';
import { lookAt } from '../look.ts';
import { runsResumed } from '../open-runs.ts';

const NEEDS: readonly Need[] = ['cpu', 'kernel', 'iommu', 'functions', 'groups'];

/**
 * The first small piece of making a host ready: one kernel argument through grubby. On a real machine the argument is
 * named and the change is left to its owner, until it has been proven on real boot chains.
 */
export async function prepare(this: CliContext, flags: ChangeFlags): Promise<ExitCode> {
  const look = await lookAt(this, flags, NEEDS);
  if (look.host.writable) await resume(this, flags, look.host, look.uri);
  const readiness = readinessOf(look.model);
  const simulated = look.host.origin.kind === 'simulated';
  const plan = planPrepare(look.model);
  if (plan.steps.length > 0 && !simulated && !flags.dryRun) {
    tell(
      this,
      `${harmless(readiness.why)}\nadd the kernel argument ${readiness.argument} with your boot loader's own tool, reboot, and run vfioctl doctor`,
    );
    return EXIT.refused;
  }
  const propose = async () => ({
    plan: planPrepare(await look.again()),
    findings: [],
  });
  const report = await changeRun(this, flags, look.host, look.uri, propose);
  runPrint(this, flags, report);
  if (report.status === 'nothing' && readiness.verdict !== 'ready') return EXIT.wanting;
  return exitOfRun(report);
}

/** A run that waited for this boot is closed first. */
async function resume(context: CliContext, flags: ChangeFlags, host: Host, uri: string): Promise<void> {
  const lock = await host.lock('prepare');
  try {
    await runsResumed(context, { host, uri }, stateDirOf(flags));
  } finally {
    await lock.release();
  }
}
