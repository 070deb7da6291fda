import type { Disk } from '../src/host/disk.ts';
import type { Host } from '../src/host/host.ts';
import { changes, hostWith } from './watch.ts';

/** A fault of vfioctl's that the torture must find: planted around its ports, never in its code. */
export interface Mutation {
  readonly name: string;
  readonly disk?: (disk: Disk) => Disk;
  readonly port?: (host: Host) => Host;
  /** Around what takes the run back, instead of around what is killed. */
  readonly undoPort?: (host: Host) => Host;
}

const RUN_FILE = /\/runs\/\d+\.ndjson$/;

export const mutations: readonly Mutation[] = [
  {
    name: 'no fsync of the journal',
    disk: (disk) =>
      diskWith(disk, {
        open: (path, how) => ({ ...disk.open(path, how), sync() {} }),
      }),
  },
  {
    name: 'no fsync of the directory in which the journal is made',
    disk: (disk) => diskWith(disk, { syncDirectory() {} }),
  },
  { name: 'an intent written after its act', port: intentLate },
  { name: 'an undo that skips a step', undoPort: stepForgotten },
];

/** What is appended from an intent on is held back until its act is over. */
function intentLate(host: Host): Host {
  let held: (() => void)[] = [];
  const release = (): void => {
    const due = held;
    held = [];
    for (const act of due) act();
  };
  return hostWith(host, {
    append(path, text) {
      if (held.length > 0 || text.includes('"type":"intent"')) held.push(() => host.append(path, text));
      else host.append(path, text);
    },
    async run(argv, options) {
      const result = await host.run(argv, options);
      if (changes(argv)) release();
      return result;
    },
    read(path, maxBytes) {
      if (RUN_FILE.test(path)) release();
      return host.read(path, maxBytes);
    },
  });
}

/** The last intent of a journal is read over. */
function stepForgotten(host: Host): Host {
  return hostWith(host, {
    read(path, maxBytes) {
      const reading = host.read(path, maxBytes);
      if (reading.state !== 'read' || !RUN_FILE.test(path)) return reading;
      const lines = reading.value.split('\n');
      const at = lines.findLastIndex((line) => line.includes('"type":"intent"'));
      return { state: 'read', value: at < 0 ? reading.value : lines.toSpliced(at, 1).join('\n') };
    },
  });
}

function diskWith(disk: Disk, calls: Partial<Disk>): Disk {
  return {
    stat: (path) => disk.stat(path),
    open: (path, how) => disk.open(path, how),
    empty: (path) => disk.empty(path),
    mkdir: (path) => disk.mkdir(path),
    rename: (from, to) => disk.rename(from, to),
    unlink: (path) => disk.unlink(path),
    syncDirectory: (path) => disk.syncDirectory(path),
    ...calls,
  };
}
