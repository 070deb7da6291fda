import type { KernelArgumentStep } from '../../plan/step.ts';
import type { ApplyContext, Check, ChildStarted, StepKind } from './kind.ts';
import { toolRun } from './tool.ts';

/** A kernel argument in every boot entry, through grubby (Fedora and its family). */
export const kernelArgument: StepKind<KernelArgumentStep> = {
  kind: 'kernel-argument',
  survivesReboot: () => true,
  settleMs: () => 0,

  async check(context, step): Promise<Check> {
    const entries = await entryArguments(context);
    const having = entries.filter((words) => words.includes(step.target.argument)).length;
    const shown = `${step.target.argument} is in ${having} of ${entries.length} boot entries`;
    const present = having === entries.length ? true : having === 0 ? false : null;
    const state = present === null ? 'half' : present === step.after.present ? 'after' : 'before';
    return { state, shown, observed: { text: shown } };
  },

  act(context, step, started) {
    return change(context, step.target.argument, step.after.present, started);
  },

  undo(context, step, _, started) {
    return change(context, step.target.argument, step.before.present, started);
  },
};

async function entryArguments(context: ApplyContext): Promise<string[][]> {
  const text = await grubby(context, ['--info=ALL']);
  return [...text.matchAll(/^args="(.*)"$/gm)].map((m) => (m[1] ?? '').split(' '));
}

async function change(
  context: ApplyContext,
  argument: string,
  present: boolean,
  started: ChildStarted,
): Promise<void> {
  await grubby(
    context,
    ['--update-kernel=ALL', `${present ? '--args' : '--remove-args'}=${argument}`],
    started,
  );
}

function grubby(context: ApplyContext, args: readonly string[], started?: ChildStarted): Promise<string> {
  return toolRun(context, ['grubby', ...args], 60_000, started);
}
