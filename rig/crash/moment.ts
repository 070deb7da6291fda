import type { Bench } from '../bench/bench.ts';
import type { Act, Command } from './command.ts';
import { Gate, type Rule } from './gate.ts';
import { journalPath, runNext } from './journal-seen.ts';
import type { Place } from './position.ts';

/** A moment in the life of an act. */
export type Moment = keyof typeof moments;

/**
 * `place` is what the moment shall be, to be shown by the evidence afterwards. `changed`: the witness must see that
 * the act, or one before it, has left something.
 */
export const moments = {
  /** The run is written, no intent is. */
  planned: { place: 'before' },
  /** The intent is written; the tool is about to be run. */
  before: { place: 'before' },
  /** The tool runs, and is not in the journal yet. */
  begun: { place: 'inside' },
  /** The tool runs and is in the journal; the daemon has not been asked. */
  noted: { place: 'inside' },
  /** The daemon is in the middle of writing the definition. */
  writing: { place: 'inside' },
  /** The daemon has put the definition in place; the tool has not had its answer. */
  written: { place: 'inside' },
  /** The function is on vfio-pci; the guest's QEMU is about to be run. */
  bound: { place: 'inside' },
  /** The tool has ended; its outcome is not written. */
  acted: { place: 'after' },
  /** The outcome is written; nothing that follows is. */
  told: { place: 'after' },
} as const satisfies Record<string, { readonly place: Place }>;

/** A vfioctl held at a moment of its run. */
export type Reached = {
  readonly gate: Gate;
  /** The rules that hold somebody else than vfioctl. */
  readonly others: readonly number[];
  /** The changing tool that lives; null for none. */
  readonly tool: number | null;
  /** It is known to have ended. */
  readonly toolEnded: boolean;
};

const own = '^vfioctl |/vfioctl\\.js ';
const tool = '^virsh .* (attach-device|detach-device|define|metadata|start|shutdown) ';

/** Runs the command up to the moment of its act. */
export async function reached(bench: Bench, command: Command, act: Act, moment: Moment): Promise<Reached> {
  const next = await runNext(bench);
  const run = command.words[0] === 'undo' ? next - 1 : next;
  const { intent, outcome } = command.records;
  const journal = journalPath(run);
  const step = moment === 'planned' ? '' : act.step;
  const rule = (records: string, who: string, path: string): Rule => ({ records, step, who, path });
  const running = `${intent}|child`;
  const rules: Readonly<Record<Moment, readonly Rule[]>> = {
    planned: [rule('run', own, journal)],
    before: [rule(intent, '.', '/usr/bin/virsh')],
    begun: [rule(running, tool, '/etc/libvirt/libvirt.conf'), rule(intent, own, journal)],
    noted: [rule(running, tool, '/etc/libvirt/libvirt.conf')],
    writing: [rule(running, '^libvirtd ', '/etc/libvirt/qemu/')],
    written: [rule(running, '^libvirtd ', '/etc/libvirt/qemu/')],
    bound: [rule(running, '.', '/usr/bin/qemu-system-x86_64')],
    acted: [rule('child', own, journal)],
    told: [rule(outcome, own, journal)],
  };
  const gate = await Gate.start(bench, run, command.words, rules[moment]);
  await gate.held(...rules[moment].keys());
  const { place } = moments[moment];
  if (place !== 'inside')
    return { gate, others: moment === 'before' ? [0] : [], tool: null, toolEnded: moment === 'acted' };
  if (moment !== 'begun') await gate.recorded('child');
  const pid = Number(await bench.sh(`pgrep -P ${gate.pid} -x virsh`));
  if (moment === 'written') {
    // The tool is stopped, so that it cannot end; then the daemon may go on, to the rename that ends its write.
    await bench.sh(`kill -STOP ${pid}`);
    await gate.answer('allow', 0);
    await bench.sh('while compgen -G "/etc/libvirt/qemu/*.new" > /dev/null; do sleep 0.1; done', 20);
  }
  return { gate, others: moment === 'written' ? [] : [0], tool: pid, toolEnded: false };
}

/** What `history` says of a run that was cut off there: `told` of its last step, it lacks nothing but its end. */
export function statusSaid(command: Command, act: Act, moment: Moment): 'open' | 'done' {
  return moment === 'told' && act.name === 'start' && act === command.acts.at(-1) ? 'done' : 'open';
}
