import { run } from '@stricli/core';
import { harmless } from '../report/terminal.ts';
import { app } from './app.ts';
import { type CliContext, tell } from './context.ts';
import { EXIT } from './exit.ts';

/** Verbs of other tools. virsh's "detach" means two opposite things: none of them is guessed at. */
const OTHERS_VERBS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    attach: 'assign DEVICE GUEST',
    passthrough: 'assign DEVICE GUEST',
    bind: 'assign DEVICE GUEST lends to a guest',
    'set-override': 'assign DEVICE GUEST lends to a guest',
    detach: 'release DEVICE gives back to the host; vfioctl assign DEVICE GUEST takes from it',
    unbind: 'release DEVICE gives back to the host; vfioctl assign DEVICE GUEST takes from it',
    unassign: 'release DEVICE',
    reattach: 'release DEVICE',
  }),
);

/** Runs one command line and leaves its exit code in the context. */
export async function main(context: CliContext): Promise<void> {
  const strange = context.argv.find((word) => harmless(word) !== word);
  if (strange !== undefined) {
    tell(
      context,
      `vfioctl: '${harmless(strange)}' holds a control character; nothing of this host is called so`,
    );
    context.process.exitCode = EXIT.usage;
    return;
  }
  const [verb] = context.argv;
  const ours = verb === undefined ? undefined : OTHERS_VERBS.get(verb);
  if (ours !== undefined) {
    tell(context, `vfioctl: '${verb}' is no command here; the nearest is: vfioctl ${ours}`);
    context.process.exitCode = EXIT.usage;
    return;
  }
  if (context.argv.includes('--force')) {
    tell(context, 'vfioctl: there is no --force: a guard yields to its own words alone, --accept RULE=WORDS');
    context.process.exitCode = EXIT.usage;
    return;
  }
  await run(app, context.argv.length === 0 ? ['status'] : context.argv, context);
  // The library's own codes are negative: a wrong command line, or a fault while loading one.
  const code = Number(context.process.exitCode ?? 0);
  if (code < 0) context.process.exitCode = code === -4 || code === -5 ? EXIT.usage : EXIT.fault;
}
