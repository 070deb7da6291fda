import type { RunReport } from '../apply/report.ts';
import type { Proof, Proofs } from '../proof/proof.ts';
import { EXIT } from './exit.ts';

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

/** The proofs in a JSON document that a command printed. */
export function proofsIn(stdout: string): Proof[] {
  try {
    return (JSON.parse(stdout) as RunReport | Proofs).proofs ?? [];
  } catch {
    return [];
  }
}
