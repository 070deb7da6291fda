import { Failure } from '../../failure.ts';
import type { ApplyContext, ChildStarted } from './kind.ts';

/**
 * One run of a tool that is none of libvirt's; answers its standard output. Throws Failure `outcome-unknown` past the
 * deadline, or `step-failed` with the tool's own words. `started` where it changes something.
 */
export async function toolRun(
  { host }: ApplyContext,
  argv: readonly string[],
  deadlineMs: number,
  started?: ChildStarted,
): Promise<string> {
  const result = await host.run(argv, {
    deadlineMs,
    ...(started === undefined ? {} : { started: (child) => started(argv, child) }),
  });
  const command = argv.join(' ');
  if (result.code === null) {
    throw new Failure(
      'outcome-unknown',
      `${command} did not come to its end in ${deadlineMs / 1000} s`,
      'see what holds it up before anything else: vfioctl status, and dmesg',
    );
  }
  if (result.code !== 0) {
    const why = result.stderr.trim() || `it ended with ${result.code}`;
    throw new Failure('step-failed', `${command}: ${why}`, 'put that right, then run it again');
  }
  return result.stdout;
}
