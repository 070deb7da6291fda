import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import type { RunOptions, RunResult } from './host.ts';
import { inputFile } from './input.ts';

/** Only directories that root owns: under sudo the inherited PATH belongs to somebody else. */
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin';
const OUTPUT_MAX = 8 * 1024 * 1024;
const DEADLINE_MS = 10_000;
/** From SIGTERM to SIGKILL, and from SIGKILL to giving up on a child that sleeps in the kernel. */
const GRACE_MS = 500;

/**
 * One process: argv only, a closed environment, an absolute deadline. It never throws: a tool that is not there
 * answers 127 and one that may not be run 126, as a shell would say it.
 *
 * The child leads a session of its own, so that Ctrl-C at the terminal does not cut virsh off in the middle of a
 * change: what happens to a running child is decided here.
 */
export function processRun(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const input = options.input === undefined ? null : inputFile(options.input);
    const child = processSpawn(argv, input ?? 'ignore');
    if (input !== null) closeSync(input);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let timedOut = false;
    let timer: NodeJS.Timeout;

    const finish = (code: number | null, complaint = '') => {
      clearTimeout(timer);
      child.removeAllListeners();
      child.on('error', () => {});
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      const ms = performance.now() - begun;
      resolve({
        argv,
        code: timedOut ? null : code,
        stdout: stdout(),
        stderr: stderr() + complaint,
        ms,
        timedOut,
      });
    };
    // Uninterruptible sleep ignores SIGKILL, and waiting for such a child is waiting for the hardware.
    const expire = () => {
      timedOut = true;
      processKill(child, 'SIGTERM');
      timer = setTimeout(() => {
        processKill(child, 'SIGKILL');
        timer = setTimeout(() => finish(null), GRACE_MS);
      }, GRACE_MS);
    };
    timer = setTimeout(expire, options.deadlineMs ?? DEADLINE_MS);

    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      // A directory of PATH that may not be searched makes a missing tool look forbidden (execvp(3)).
      const missing = error.code === 'ENOENT' || !argv[0]?.includes('/');
      finish(
        missing ? 127 : 126,
        `${argv[0]}: ${missing ? 'command not found' : (error.code ?? error.message)}\n`,
      );
    });
    child.on('close', (code) => finish(code));
    // A grandchild in the background may hold the pipes open long after the child is gone.
    child.on('exit', (code) => {
      if (timedOut) return;
      clearTimeout(timer);
      timer = setTimeout(() => finish(code), GRACE_MS);
    });
    if (child.pid !== undefined)
      options.started?.({ pid: child.pid, startTicks: processStartTicks(child.pid) });
  });
}

/** A child as such; `input` is a file descriptor, nothing, or a pipe of ours, which closes when we end. */
export function processSpawn(argv: readonly string[], input: number | 'ignore' | 'pipe'): ChildProcess {
  const [file = '', ...rest] = argv;
  return spawn(file, rest, { stdio: [input, 'pipe', 'pipe'], env: environment(), detached: true });
}

/**
 * Field 22 of /proc/PID/stat. The command in field 2 may hold blanks and parentheses, so the fields are counted
 * from the last closing one. Null when there is no such process.
 */
export function processStartTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    return Number.isFinite(ticks) ? ticks : null;
  } catch {
    return null;
  }
}

function processKill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

function environment(): NodeJS.ProcessEnv {
  const { HOME, USER, XDG_RUNTIME_DIR, PATH } = process.env;
  // Under sudo all of these may be another user's, and so may what stands there.
  if (process.getuid?.() === 0) return { PATH: SYSTEM_PATH, LC_ALL: 'C' };
  return {
    ...(HOME === undefined ? {} : { HOME }),
    ...(USER === undefined ? {} : { USER }),
    ...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }),
    PATH: PATH === undefined ? SYSTEM_PATH : `${PATH}:${SYSTEM_PATH}`,
    LC_ALL: 'C',
  };
}

/** Keeps what fits and drains the rest, so that a child with much to say does not block on its pipe. */
function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, OUTPUT_MAX - length);
    length += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
