import type { ModuleLoadStep } from '../../plan/step.ts';
import type { ApplyContext, Check, ChildStarted, StepKind } from './kind.ts';
import { toolRun } from './tool.ts';

export const moduleLoad: StepKind<ModuleLoadStep> = {
  kind: 'module-load',
  survivesReboot: () => false,
  settleMs: () => 2_000,

  async check({ host }, step): Promise<Check> {
    const { module } = step.target;
    // Built-in modules with parameters have a directory too: they count as loaded.
    const loaded = host.exists(`/sys/module/${module.replaceAll('-', '_')}`);
    return {
      state: loaded === step.after.loaded ? 'after' : 'before',
      shown: `${module} is ${loaded ? '' : 'not '}loaded`,
      observed: { text: String(loaded) },
    };
  },

  act(context, step, started) {
    return load(context, step.target.module, step.after.loaded, started);
  },

  undo(context, step, _, started) {
    return load(context, step.target.module, step.before.loaded, started);
  },
};

async function load(
  context: ApplyContext,
  module: string,
  wanted: boolean,
  started: ChildStarted,
): Promise<void> {
  await toolRun(context, wanted ? ['modprobe', module] : ['modprobe', '-r', module], 30_000, started);
}
