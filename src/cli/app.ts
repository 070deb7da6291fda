import {
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  type TypedCommandParameters,
} from '@stricli/core';
import { version } from '../version.ts';
import { action, type Run } from './action.ts';
import type { CliContext } from './context.ts';
import { acceptFlag, changeFlags, deadManFlag, eventFlag, flag, lookFlags, stateFlag } from './flags.ts';

const words = (brief: string, placeholder: string, minimum = 0) =>
  ({ kind: 'array', minimum, parameter: { parse: String, brief, placeholder } }) as const;
const word = (brief: string, placeholder: string) =>
  ({ kind: 'tuple', parameters: [{ parse: String, brief, placeholder }] }) as const;
const perhaps = (brief: string, placeholder: string) =>
  ({ kind: 'tuple', parameters: [{ parse: String, brief, placeholder, optional: true }] }) as const;

function command<
  F extends { readonly json?: boolean; readonly events?: boolean },
  A extends readonly (string | undefined)[],
>(
  brief: string,
  parameters: TypedCommandParameters<F, A, CliContext>,
  load: () => Promise<Run<F, A>>,
): Command<CliContext> {
  return buildCommand<F, A, CliContext>({ docs: { brief }, parameters, func: action(load) });
}

/** The commands as data: what each takes and says; what each does is loaded when it is called. */
const routes: Record<string, Command<CliContext>> = {
  status: command(
    'the one screen: readiness, what is lent to whom, what is odd, what next',
    { flags: { ...lookFlags, ...stateFlag } },
    async () => (await import('./commands/status.ts')).status,
  ),
  doctor: command(
    'findings about the host, functions and a guest, with evidence and remedy',
    {
      flags: { ...lookFlags, guest: flag.text('the guest that shall have them', 'GUEST') },
      positional: words('function, device, id, class word or part of a name', 'DEVICE'),
    },
    async () => (await import('./commands/doctor.ts')).doctor,
  ),
  list: command(
    'functions with name, driver, group and verdict',
    {
      flags: {
        ...lookFlags,
        by: { kind: 'enum', values: ['slot', 'group', 'class'], brief: 'order of the list', optional: true },
      },
      positional: perhaps('only what matches', 'QUERY'),
    },
    async () => (await import('./commands/list.ts')).list,
  ),
  show: command(
    'all about one function or device, with ready-made XML',
    { flags: lookFlags, positional: word('function or device', 'DEVICE') },
    async () => (await import('./commands/show.ts')).show,
  ),
  prepare: command(
    'make the host ready; often there is nothing to do',
    { flags: changeFlags },
    async () => (await import('./commands/prepare.ts')).prepare,
  ),
  assign: command(
    'lend functions to a guest: the main job',
    {
      flags: {
        ...changeFlags,
        ...acceptFlag,
        ...deadManFlag,
        start: flag.on('start the guest, and prove that it works there'),
        live: flag.on('also plug it into the running guest now'),
        withGroup: flag.on('lend the other functions of its IOMMU group too'),
        slot: flag.text('address in the guest, hexadecimal', 'BB:SS.F'),
      },
      positional: words('functions or devices, then the guest', 'DEVICE… GUEST', 2),
    },
    async () => (await import('./commands/assign.ts')).assign,
  ),
  verify: command(
    'proofs that a lend works, on the host and in the guest',
    {
      flags: {
        ...lookFlags,
        ...eventFlag,
        ...stateFlag,
        exercise: flag.on('do harmless work with the function: silence to a sound card'),
        tone: flag.on('make a sound in the guest; its mixer is put back'),
      },
      positional: word('guest', 'GUEST'),
    },
    async () => (await import('./commands/verify.ts')).verify,
  ),
  release: command(
    'take functions from their guest and give them back to the host',
    {
      flags: {
        ...changeFlags,
        ...deadManFlag,
        from: flag.text('the guest that has them', 'GUEST'),
        stop: flag.on('shut the guest down first'),
        live: flag.on('unplug from the running guest'),
      },
      positional: words('functions or devices', 'DEVICE', 1),
    },
    async () => (await import('./commands/release.ts')).release,
  ),
  capture: command(
    'record this host as one file, for --host elsewhere',
    {
      flags: {
        ...lookFlags,
        redact: flag.on('without passwords and without what tells whose host it is'),
      },
      positional: perhaps('file to write; - for standard output', 'FILE'),
    },
    async () => (await import('./commands/capture.ts')).capture,
  ),
  history: command(
    'the runs in the journal',
    { flags: { ...lookFlags, ...stateFlag } },
    async () => (await import('./commands/history.ts')).history,
  ),
  undo: command(
    'take back one run, or what a crash left',
    {
      flags: {
        ...changeFlags,
        unlessKept: flag.on('do nothing when the run has been kept: how a dead-man switch asks'),
      },
      positional: perhaps('number of the run; the last one', 'RUN'),
    },
    async () => (await import('./commands/undo.ts')).undo,
  ),
  keep: command(
    'the host is still well: a run that would be taken back by its dead-man switch stays',
    { flags: { ...lookFlags, ...stateFlag }, positional: perhaps('number of the run; the last one', 'RUN') },
    async () => (await import('./commands/keep.ts')).keep,
  ),
  try: command(
    'the whole story on a simulated host: no root, no hardware',
    {
      flags: {
        json: lookFlags.json,
        shell: flag.on('stay on the simulated host, to break it and undo'),
        break: flag.text('plant a fault; list names them', 'FAULT'),
      },
    },
    async () => (await import('./commands/try.ts')).tryOut,
  ),
};

export const app = buildApplication<CliContext>(
  buildRouteMap({
    routes,
    docs: {
      brief: 'Lend a PCI device of this host to a KVM guest, prove that it works there, and give it back.',
    },
  }),
  {
    name: 'vfioctl',
    versionInfo: { currentVersion: version },
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab', useAliasInUsageLine: false },
  },
);
