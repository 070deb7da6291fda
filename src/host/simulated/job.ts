import type { Tree } from '../tree.ts';
import type { SimulatedState } from './state.ts';

/** A program whose caller is no more: it goes on, and what it was told to do is done at its time. */
export interface Job {
  readonly pid: number;
  readonly startTicks: number;
  readonly argv: readonly string[];
  readonly input: string;
  readonly doneAt: number;
  /** It was killed too, and only the daemon that it had asked goes on: no process shows it. */
  readonly daemonOnly: boolean;
}

/** Does what is due until then, each at its time. */
export function jobsSettle(state: SimulatedState, until: number, run: (job: Job) => void): void {
  const due = state.jobs.filter((j) => j.doneAt <= until).sort((a, b) => a.doneAt - b.doneAt);
  for (const job of due) {
    state.jobs = state.jobs.filter((j) => j !== job);
    state.clock = Math.max(state.clock, job.doneAt);
    run(job);
  }
}

/** When the last job is done that has the same guest or node device: libvirt lets the next one wait for it. */
export function jobsBefore(state: SimulatedState, argv: readonly string[], input: string): number {
  const subject = subjectOf(argv, input);
  const same = state.jobs.filter((j) => subject !== null && subjectOf(j.argv, j.input) === subject);
  return Math.max(0, ...same.map((j) => j.doneAt));
}

/** What a change holds the lock of; null for what only looks, and for no program of libvirt's. */
function subjectOf(argv: readonly string[], input: string): string | null {
  const [path = '', ...words] = argv;
  if (path.split('/').at(-1) !== 'virsh' || words.some((w) => LOOKS.test(w))) return null;
  const text = words.includes('define') ? input : words.join(' ');
  return /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|pci_[0-9a-f_]+/.exec(text)?.[0] ?? null;
}

const LOOKS = /^(dumpxml|dominfo|domstate|list|snapshot-list|nodedev-dumpxml|qemu-agent-command)$/;

export function jobFiles(tree: Tree, state: SimulatedState): void {
  for (const { pid, startTicks, argv, daemonOnly } of state.jobs) {
    if (daemonOnly) continue;
    const name = argv[0]!.split('/').at(-1)!;
    tree.setFile(`/proc/${pid}/comm`, `${name}\n`);
    tree.setFile(`/proc/${pid}/cmdline`, argv.map((word) => `${word}\0`).join(''));
    // Field 22 is when it began; the others do not matter here.
    const fields = ['S', '1', ...Array.from({ length: 17 }, () => '0'), String(startTicks), '0'];
    tree.setFile(`/proc/${pid}/stat`, `${pid} (${name}) ${fields.join(' ')}\n`);
  }
}
