import { Failure } from '../../failure.ts';
import type { KernelArgumentStep } from '../../plan/step.ts';
import type { ApplyContext, Check, StepKind } from './kind.ts';

/** A kernel argument in every boot entry, through grubby (Fedora and its family). */
export const kernelArgument: StepKind<KernelArgumentStep> = {
  kind: 'kernel-argument',
  survivesReboot: true,
  settleMs: 0,

  async check(context, step): Promise<Check> {
    const entries = await entryArguments(context);
    const having = entries.filter((words) => words.includes(step.target.argument)).length;
    const shown = `${step.target.argument} is in ${having} of ${entries.length} boot entries`;
    const present = having === entries.length ? true : having === 0 ? false : null;
    const state = present === null ? 'other' : present === step.after.present ? 'after' : 'before';
    return { state, shown, observed: { text: shown } };
  },

  act(context, step) {
    return change(context, step.target.argument, step.after.present);
  },

  undo(context, step) {
    return change(context, step.target.argument, step.before.present);
  },
};

async function entryArguments(context: ApplyContext): Promise<string[][]> {
  const text = await grubby(context, ['--info=ALL']);
  return [...text.matchAll(/^args="(.*)"$/gm)].map((m) => (m[1] ?? '').split(' '));
}

async function change(context: ApplyContext, argument: string, present: boolean): Promise<void> {
  await grubby(context, ['--update-kernel=ALL', `${present ? '--args' : '--remove-args'}=${argument}`]);
}

async function grubby({ host }: ApplyContext, args: string[]): Promise<string> {
  const result = await host.run(['grubby', ...args], { deadlineMs: 60_000 });
  if (result.timedOut) throw new Failure('outcome-unknown', 'grubby did not end in 60 s');
  if (result.code !== 0)
    throw new Failure('step-failed', `grubby ${args.join(' ')}: ${result.stderr.trim()}`);
  return result.stdout;
}
