import type { Bench } from '../bench/bench.ts';
import { defineAgain } from '../bench/by-virsh.ts';
import { exitIs } from '../bench/lend.ts';

/** A step of the command's run that acts: what it is called in a scenario's name, and how its id begins. */
export type Act = {
  readonly name: string;
  readonly step: string;
  readonly changes: 'definition' | 'instance';
};

/** A change that is cut off, and what it is made on. */
export type Command = {
  readonly name: string;
  readonly words: readonly string[];
  readonly acts: readonly Act[];
  readonly made: 'from nothing' | 'on a lend' | 'on a running lend';
  /** The records around an act. */
  readonly records: { readonly intent: string; readonly outcome: string };
};

const hostdev: Act = { name: 'hostdev', step: 'guest-hostdev', changes: 'definition' };
const metadata: Act = { name: 'metadata', step: 'guest-metadata', changes: 'definition' };
const start: Act = { name: 'start', step: 'guest-start', changes: 'instance' };
const stop: Act = { name: 'stop', step: 'guest-start', changes: 'instance' };
const doing = { intent: 'intent', outcome: 'outcome' } as const;

export const assign: Command = {
  name: 'assign',
  words: ['assign', '01:00.0', 'tone', '--start', '--yes'],
  acts: [hostdev, metadata, start],
  made: 'from nothing',
  records: doing,
};

/** Two functions of one device: the run has two acts of a kind. */
export const assignDevice: Command = {
  name: 'assign-device',
  words: ['assign', '00:1b', 'tone', '--start', '--yes'],
  acts: [{ ...hostdev, name: 'second-hostdev', step: 'guest-hostdev 0000:00:1b.1' }, start],
  made: 'from nothing',
  records: doing,
};

export const releaseStop: Command = {
  name: 'release-stop',
  words: ['release', '01:00.0', '--stop', '--yes'],
  acts: [stop, hostdev, metadata],
  made: 'on a running lend',
  records: doing,
};

export const release: Command = {
  name: 'release',
  words: ['release', '01:00.0', '--yes'],
  acts: [hostdev, metadata],
  made: 'on a lend',
  records: doing,
};

export const undo: Command = {
  name: 'undo',
  words: ['undo', '--yes'],
  acts: [metadata, hostdev],
  made: 'on a lend',
  records: { intent: 'undo-intent', outcome: 'undo-outcome' },
};

/** Makes what the command is made on. */
export async function prepared(bench: Bench, { made }: Command): Promise<void> {
  if (made === 'from nothing') return;
  const guest = bench.guest('tone');
  exitIs(await bench.vfioctl('assign', '01:00.0', 'tone', '--yes', '--json'), 0);
  // libvirt orders what it is given to define, and leaves attach-device's additions in their order of arrival: in its
  // own order the definition is one that comes back byte for byte.
  await defineAgain(bench, await guest.inactiveXml());
  if (made === 'on a lend') return;
  await guest.start();
  await guest.ready();
}

/** Takes back what `prepared` made. */
export async function unprepared(bench: Bench, { made }: Command): Promise<void> {
  if (made === 'from nothing') return;
  const guest = bench.guest('tone');
  if ((await guest.state()) !== 'shut off') await bench.sh(`virsh -q destroy ${guest.uuid}`);
  exitIs(await bench.vfioctl('undo', '--yes', '--json'), 0);
}
