import type { RunReport } from '../apply/report.ts';
import type { Host } from '../host/host.ts';
import type { Proof, Proofs } from '../proof/proof.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit.ts';
import { main } from './main.ts';

/** One thing that happens in the story: a vfioctl command line, or something that only a machine can do. */
export interface StoryStep {
  readonly tell: string;
  /** Words of the command; `reboot` is the machine's own. */
  readonly argv: readonly string[];
  readonly exit: number;
}

export const BOARD = 'i7-2620m';
export const DEVICE = '0000:00:1b.0';

/** The how-to's story, on the how-to's board, under a kernel of today. */
export const story: readonly StoryStep[] = [
  {
    tell: 'Look first: what stands between this sound card and the guest?',
    argv: ['doctor', '00:1b.0', '--guest', 'f20vm'],
    exit: EXIT.wanting,
  },
  {
    tell: 'The kernel leaves the IOMMU off. One argument, in every boot entry, and nothing else:',
    argv: ['prepare', '--yes'],
    exit: EXIT.reboot,
  },
  { tell: 'The machine reboots (simulated).', argv: ['reboot'], exit: EXIT.done },
  { tell: 'Did it work?', argv: ['prepare'], exit: EXIT.done },
  {
    tell: 'Lend the card, start the guest, prove that it works there:',
    argv: ['assign', '00:1b.0', 'f20vm', '--start', '--yes'],
    exit: EXIT.done,
  },
  {
    tell: 'Make a sound, and look at both sides again:',
    argv: ['verify', 'f20vm', '--tone'],
    exit: EXIT.done,
  },
  { tell: 'And give it back:', argv: ['release', '00:1b.0', '--stop', '--yes'], exit: EXIT.done },
];

export interface StepTold {
  readonly command: string;
  readonly exit: number;
  readonly expected: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line against a host, with everything it prints kept. */
export async function commandRun(
  host: Host | CliContext['open'],
  argv: readonly string[],
  color = false,
): Promise<StepTold & { readonly argv: readonly string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const context: CliContext = {
    process: {
      stdout: { write: (t: string) => void out.push(t) },
      stderr: { write: (t: string) => void err.push(t) },
      exitCode: null,
    },
    env: {},
    argv,
    terminal: false,
    columns: 100,
    color,
    ask: async () => false,
    signal: new AbortController().signal,
    open: typeof host === 'function' ? host : async () => host,
  };
  await main(context);
  return {
    argv,
    command: `vfioctl ${argv.join(' ')}`,
    exit: Number(context.process.exitCode),
    expected: 0,
    stdout: out.join(''),
    stderr: err.join(''),
  };
}

/** The proofs in a JSON document that a command printed. */
export function proofsIn(stdout: string): Proof[] {
  try {
    return (JSON.parse(stdout) as RunReport | Proofs).proofs ?? [];
  } catch {
    return [];
  }
}
