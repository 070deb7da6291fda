import type { Capture, CaptureRun } from './capture.ts';
import { isDeviceNode } from './device-node.ts';
import type { Host, Reading, RunResult } from './host.ts';
import { readOnly } from './read-only.ts';
import { NOT_RECORDED, type TreeEntry } from './tree.ts';

export interface Recorder {
  /** The host behind it, read through: give it to `collect`. It changes nothing. */
  readonly host: Host;
  capture(made: Pick<Capture['made'], 'by' | 'kind' | 'from'>): Capture;
}

/** Of one command's output the first and the last part are kept: a kernel log says the most at its ends. */
const OUTPUT_MAX = 400_000;
const LINKS_MAX = 40;

/**
 * Records all that is read, listed, linked and run through it. Every path is kept by its canonical name, and the
 * links on the way as links, so that a capture holds each file once and answers by any of its names.
 */
export function recorderOf(host: Host): Recorder {
  const entries = new Map<string, TreeEntry>();
  const runs = new Map<string, CaptureRun>();
  const plain = new Set<string>();

  /** The canonical name of a path, links followed; null where it ends at something absent. */
  const canonical = (path: string, last: boolean): string | null => {
    let here = '';
    const rest = parts(path);
    for (let links = 0; rest.length > 0; ) {
      const part = rest.shift()!;
      if (part === '..') {
        here = here.slice(0, here.lastIndexOf('/'));
        continue;
      }
      const next = `${here}/${part}`;
      if (rest.length === 0 && !last) return next;
      if (!plain.has(next)) {
        const link = host.link(next);
        if (link.state === 'absent') {
          entries.set(next, { e: 'absent' });
          return null;
        }
        if (link.state === 'read' && links++ < LINKS_MAX) {
          entries.set(next, { l: link.value });
          if (link.value.startsWith('/')) here = '';
          rest.unshift(...parts(link.value));
          continue;
        }
        plain.add(next);
      }
      here = next;
    }
    return here || '/';
  };

  const note = <T>(
    path: string,
    reading: Reading<T>,
    entry: (value: T) => TreeEntry,
    last = true,
  ): Reading<T> => {
    const name = canonical(path, last);
    if (name === null) return reading;
    if (reading.state === 'read') entries.set(name, entry(reading.value));
    else if (!entries.has(name))
      entries.set(name, { e: reading.state === 'absent' ? 'absent' : reading.why });
    return reading;
  };
  /** A path that is only known to exist; what is read of it later takes the place. */
  const noteExists = (path: string) => {
    const name = canonical(path, true);
    if (name !== null && !entries.has(name) && host.exists(path)) entries.set(name, { e: NOT_RECORDED });
  };

  const recording: Host = {
    ...readOnly(host.origin.name),
    origin: host.origin,
    root: host.root,
    writable: false,
    now: () => host.now(),
    sleep: (ms) => host.sleep(ms),
    read: (path, maxBytes) => note(path, host.read(path, maxBytes), (text) => ({ f: text })),
    readBytes: (path, maxBytes) => note(path, host.readBytes(path, maxBytes), bytesEntry),
    list: (path) => note(path, host.list(path), (names) => ({ d: names })),
    link(path) {
      const link = host.link(path);
      if (link.state !== 'unreadable') note(path, link, (target) => ({ l: target }), false);
      return link;
    },
    real(path) {
      noteExists(path);
      return host.real(path);
    },
    exists(path) {
      noteExists(path);
      return host.exists(path);
    },
    async readGuarded(paths, deadlineMs) {
      const answers = await host.readGuarded(paths, deadlineMs);
      for (const [path, reading] of answers) note(path, reading, (text) => ({ f: text }));
      return answers;
    },
    async run(argv, options) {
      const result = await host.run(argv, options);
      runs.set(JSON.stringify(argv), runOf(result));
      return result;
    },
  };

  return {
    host: recording,
    capture(made) {
      const bootId = host.read('/proc/sys/kernel/random/boot_id');
      return {
        schema: 'vfioctl/capture/1',
        made: {
          by: made.by,
          at: host.now().toISOString(),
          bootId: bootId.state === 'read' ? bootId.value.trim() : null,
          origin: host.origin,
          root: host.root,
          kind: made.kind,
          from: made.from,
        },
        tree: Object.fromEntries(
          [...discreet(entries)].filter(([path]) => !isTold(entries, path)).sort(byPath),
        ),
        runs: [...runs.values()],
      };
    },
  };
}

/** What processes have open is nobody's business but for devices and TCP: of other descriptors nothing is kept. */
function discreet(entries: ReadonlyMap<string, TreeEntry>): Map<string, TreeEntry> {
  const connected = socketsConnected(entries);
  const isFact = (entry: TreeEntry) => !('l' in entry) || isDeviceNode(entry.l) || connected.has(entry.l);
  const kept = new Map([...entries].filter(([path, entry]) => !DESCRIPTOR.test(path) || isFact(entry)));
  for (const [path, entry] of kept) {
    if (DESCRIPTORS.test(path) && 'd' in entry) {
      kept.set(path, { d: entry.d.filter((fd) => kept.has(`${path}/${fd}`)) });
    }
    // An environment is full of secrets, and one variable of it is a fact.
    if (ENVIRONMENT.test(path) && 'f' in entry)
      kept.set(path, { f: /(?:^|\0)(SSH_CONNECTION=[^\0]*\0)/.exec(entry.f)?.[1] ?? '' });
  }
  return kept;
}

const DESCRIPTORS = /^\/proc\/\d+\/fd$/;
const DESCRIPTOR = /^\/proc\/\d+\/fd\/\d+$/;
const ENVIRONMENT = /^\/proc\/\d+\/environ$/;

/** Sockets of TCP, as a descriptor names them: by its connections a host would be missed. */
function socketsConnected(entries: ReadonlyMap<string, TreeEntry>): Set<string> {
  const tables = [...entries].flatMap(([path, entry]) => (TCP.test(path) && 'f' in entry ? entry.f : []));
  const inodes = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)[9]));
  return new Set(inodes.map((inode) => `socket:[${inode}]`));
}

const TCP = /^\/proc\/(\d+\/)?net\/tcp6?$/;

/** An absence that the listing of the directory tells as well. */
function isTold(entries: ReadonlyMap<string, TreeEntry>, path: string): boolean {
  const entry = entries.get(path)!;
  if (!('e' in entry) || entry.e !== 'absent') return false;
  const parent = entries.get(path.slice(0, path.lastIndexOf('/')) || '/');
  return parent !== undefined && 'd' in parent && !parent.d.includes(path.slice(path.lastIndexOf('/') + 1));
}

function bytesEntry(bytes: Uint8Array): TreeEntry {
  return { b: Buffer.from(bytes).toString('base64') };
}

function runOf({ argv, code, stdout, stderr }: RunResult): CaptureRun {
  return { argv, code, stdout: endsOf(stdout), stderr: endsOf(stderr) };
}

function endsOf(text: string): string {
  if (text.length <= OUTPUT_MAX) return text;
  const head = text.slice(0, text.lastIndexOf('\n', OUTPUT_MAX / 2) + 1);
  const tail = text.slice(text.indexOf('\n', text.length - OUTPUT_MAX / 2) + 1);
  return `${head}[vfioctl left out ${text.length - head.length - tail.length} characters]\n${tail}`;
}

function byPath([a]: [string, TreeEntry], [b]: [string, TreeEntry]): number {
  return a < b ? -1 : 1;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
