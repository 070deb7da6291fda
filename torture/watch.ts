import type { Disk } from '../src/host/disk.ts';
import { durable } from '../src/host/durable.ts';
import type { Host, RunningChild } from '../src/host/host.ts';
import type { SimulatedHost, SimulatedState } from '../src/host/simulated/index.ts';
import type { Mutation } from './mutations.ts';

/** A moment at which everything may end: the machine as it is then, and what was just going on. */
export interface Point {
  readonly state: SimulatedState;
  /** For a person: `write 000001.ndjson`, `inside virsh start`. */
  readonly what: string;
  /** The file that has just been written to, and the bytes: a killed write(2) leaves a part of them. */
  readonly wrote: { readonly path: string; readonly bytes: Uint8Array } | null;
  /** The program that has begun, and has done nothing yet. */
  readonly inside: {
    readonly argv: readonly string[];
    readonly input: string;
    readonly child: RunningChild;
  } | null;
}

export interface Watched {
  /** To be used in place of the machine. */
  readonly host: Host;
  /** Filled while it is used; without the first, which is before anything was done. */
  readonly points: Point[];
}

/**
 * The machine with a look at it after every call that changes something: each single one of those that a durable
 * write is made of, and before, in and after every program that changes something.
 */
export function watch(machine: SimulatedHost, mutation: Mutation | null = null): Watched {
  const points: Point[] = [];
  let inside: Point['inside'] = null;
  const point = (what: string, wrote: Point['wrote'] = null): void => {
    points.push({ state: machine.toJSON(), what, wrote, inside });
  };
  const disk = watchedDisk(mutation?.disk?.(machine.disk) ?? machine.disk, point);
  const ports: Partial<Host> = {
    ...durable(disk),
    async run(argv, options) {
      if (!changes(argv)) return machine.run(argv, options);
      const name = argv.filter((w) => w !== '-q' && w !== '--connect' && !w.includes('://')).slice(0, 2);
      const what = name.join(' ');
      const result = await machine.run(argv, {
        ...options,
        started: (child) => {
          // It runs already while the journal is told so.
          inside = { argv, input: options?.input ?? '', child };
          point(`beginning ${what}`);
          options?.started?.(child);
          point(`inside ${what}`);
          inside = null;
        },
      });
      point(`after ${what}`);
      return result;
    },
    write(path, text) {
      machine.write(path, text);
      point(`after a write to ${path}`);
    },
    async sleep(ms) {
      await machine.sleep(ms);
      if (machine.state.guests.some((g) => g.live?.offAt)) point('while a guest shuts down');
    },
  };
  const host = hostWith(machine, ports);
  return { host: mutation?.port?.(host) ?? host, points };
}

/** A host some of whose calls are others. */
export function hostWith<H extends Host>(host: H, ports: Partial<Host>): H {
  return new Proxy(host, {
    get(target, name) {
      const own = ports[name as keyof Host];
      if (own !== undefined) return own;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const VIRSH_CHANGES = new Set([
  'define',
  'attach-device',
  'detach-device',
  'metadata',
  'start',
  'shutdown',
  'autostart',
  'nodedev-detach',
  'nodedev-reattach',
]);

/** Programs that only look are not worth a kill: the machine is the same before and after. */
export function changes(argv: readonly string[]): boolean {
  const [program = '', ...words] = argv;
  if (program === 'virsh') return words.some((w) => VIRSH_CHANGES.has(w));
  if (program === 'grubby') return words.some((w) => w.startsWith('--update'));
  return program === 'modprobe' || program === 'systemctl' || program === 'systemd-run';
}

function watchedDisk(disk: Disk, point: (what: string, wrote?: Point['wrote']) => void): Disk {
  const name = (path: string): string => path.split('/').at(-1)!;
  return {
    stat: (path) => disk.stat(path),
    open(path, how) {
      const file = disk.open(path, how);
      if (how === 'create') point(`create ${name(path)}`);
      return {
        stat: () => file.stat(),
        write(bytes, offset) {
          const count = file.write(bytes, offset);
          point(`write ${name(path)}`, { path, bytes: bytes.subarray(offset, offset + count) });
          return count;
        },
        own: (uid, gid) => file.own(uid, gid),
        permit: (mode) => file.permit(mode),
        sync() {
          file.sync();
          point(`sync ${name(path)}`);
        },
        close: () => file.close(),
      };
    },
    empty: (path) => disk.empty(path),
    mkdir(path) {
      disk.mkdir(path);
      point(`mkdir ${name(path)}`);
    },
    rename(from, to) {
      disk.rename(from, to);
      point(`rename to ${name(to)}`);
    },
    unlink(path) {
      disk.unlink(path);
      point(`unlink ${name(path)}`);
    },
    syncDirectory(path) {
      disk.syncDirectory(path);
      point(`sync ${path}`);
    },
  };
}
