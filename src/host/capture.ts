import { Failure } from '../failure.ts';
import type { Host, HostOrigin } from './host.ts';
import { readOnly } from './read-only.ts';
import { Tree, type TreeEntry, type TreeRecord } from './tree.ts';

/** A host as one file: what was read of it, and what was run. */
export interface Capture {
  readonly schema: 'vfioctl/capture/1';
  readonly made: {
    /** `vfioctl 0.1.0`. */
    readonly by: string;
    readonly at: string;
    readonly bootId: string | null;
    readonly origin: HostOrigin;
    /** Recorded by root: what is unreadable in it, was unreadable to root. */
    readonly root: boolean;
    readonly kind: 'recorded' | 'constructed';
    /** From what it was made, when it was not recorded by `vfioctl capture` on the host itself. */
    readonly from: string | null;
    /** Passwords and identities were replaced: names in it stand for others. */
    readonly redacted?: boolean;
  };
  readonly tree: TreeRecord;
  readonly runs: readonly CaptureRun[];
}

export interface CaptureRun {
  readonly argv: readonly string[];
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A host that answers from a capture, and stands still at the time of its recording. */
export function captureHost(capture: Capture): Host {
  const { made } = capture;
  const tree = Tree.from(capture.tree);
  const runs = new Map(capture.runs.map((run) => [JSON.stringify(run.argv), run]));
  return {
    ...readOnly(made.origin.name),
    origin: { kind: 'capture', name: made.origin.name },
    root: made.root,
    read(path, maxBytes) {
      const text = tree.read(path);
      if (text.state !== 'read' || maxBytes === undefined || text.value.length <= maxBytes) return text;
      return { state: 'read', value: Buffer.from(text.value).subarray(0, maxBytes).toString('utf8') };
    },
    readBytes(path, maxBytes) {
      const bytes = tree.readBytes(path);
      return bytes.state === 'read' ? { state: 'read', value: bytes.value.subarray(0, maxBytes) } : bytes;
    },
    list: (path) => tree.list(path),
    link: (path) => tree.link(path),
    real: (path) => tree.real(path),
    exists: (path) => tree.exists(path),
    readGuarded: async (paths) => new Map(paths.map((path) => [path, tree.read(path)])),
    run: async (argv) => {
      const run = runs.get(JSON.stringify(argv));
      if (run) return { ...run, ms: 0, timedOut: false };
      return {
        argv,
        code: null,
        stdout: '',
        stderr: `${argv[0]}: not in this capture\n`,
        ms: 0,
        timedOut: false,
      };
    },
    now: () => new Date(made.at),
  };
}

/** Throws Failure `capture-invalid`, in one line that names the file and what is wrong with it. */
export function captureLoad(text: string, name: string): Capture {
  const invalid = (why: string, hint = 'record the host again with vfioctl capture') =>
    new Failure('capture-invalid', `${name} ${why}`, hint);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const begun = text.trimStart().startsWith('{');
    if (begun && !text.trimEnd().endsWith('}')) throw invalid(`is cut off after ${text.length} characters`);
    throw new Failure(
      'capture-invalid',
      `${name} is no JSON`,
      'name a file that vfioctl capture made',
      error,
    );
  }
  const { schema, made, tree, runs } = (document ?? {}) as Partial<Record<keyof Capture, unknown>>;
  const version = /^vfioctl\/capture\/(\d+)$/.exec(typeof schema === 'string' ? schema : '')?.[1];
  if (version === undefined) {
    const what = typeof schema === 'string' ? `is a ${schema} document, no capture` : 'is no capture';
    throw invalid(what, 'name a file that vfioctl capture made');
  }
  if (version !== '1') {
    throw invalid(
      `was made by a newer vfioctl (capture version ${version}, this one reads 1)`,
      'update vfioctl',
    );
  }
  if (!isMade(made)) throw invalid('does not say where it was made');
  const bad = Object.entries(record(tree) ?? { tree: null }).find(([path, entry]) => !isEntry(path, entry));
  if (bad) throw invalid(`has a damaged entry for ${bad[0]}`);
  if (!Array.isArray(runs) || !runs.every(isRun)) throw invalid('has damaged command outputs');
  return document as Capture;
}

function isMade(made: unknown): boolean {
  const m = record(made);
  const origin = record(m?.origin);
  const at = typeof m?.at === 'string' && !Number.isNaN(Date.parse(m.at));
  const texts = [m?.bootId, m?.from].every((text) => text === null || typeof text === 'string');
  const by = typeof m?.by === 'string' && typeof origin?.name === 'string';
  return at && by && texts && typeof m?.root === 'boolean';
}

function isEntry(path: string, entry: unknown): entry is TreeEntry {
  const e = record(entry);
  if (!e || !path.startsWith('/') || Object.keys(e).length !== 1) return false;
  if ('d' in e) return Array.isArray(e.d) && e.d.every((name) => typeof name === 'string');
  return [e.f, e.b, e.l, e.e].some((text) => typeof text === 'string');
}

function isRun(run: unknown): run is CaptureRun {
  const r = record(run);
  const code = r?.code === null || typeof r?.code === 'number';
  const argv = Array.isArray(r?.argv) && r.argv.every((word) => typeof word === 'string');
  return code && argv && typeof r?.stdout === 'string' && typeof r?.stderr === 'string';
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}
