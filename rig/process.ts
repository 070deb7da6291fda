import { spawn } from 'node:child_process';

/** What a finished program left behind. `code` is null when it was ended by a signal. */
export type Outcome = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
};

export type RunOptions = {
  /** Absolute, in milliseconds of `Date.now()`: a chain of programs shares one deadline. */
  readonly deadline: number;
  readonly input?: Buffer | string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of standard error as it comes, for long programs. */
  readonly onStderr?: (text: string) => void;
};

export function deadlineIn(seconds: number): number {
  return Date.now() + seconds * 1000;
}

/** Runs one program without a shell and waits for it. Rejects when it cannot start or misses the deadline. */
export function run(argv: readonly [string, ...string[]], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    let stderr = '';
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        child.kill('SIGKILL');
      },
      Math.max(0, options.deadline - Date.now()),
    );
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => {
      stderr = (stderr + piece.toString()).slice(-100_000);
      options.onStderr?.(piece.toString());
    });
    // A program that ends before it has read its input closes the pipe: its exit code tells more than EPIPE.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(new Error(`cannot start ${program}`, { cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (late) reject(new Error(`${argv.join(' ')}: not done by its deadline\n${stderr}`));
      else resolve({ code, signal, stdout: Buffer.concat(stdout), stderr });
    });
  });
}

/** Like `run`, but any exit code other than 0 is an error that carries the program's own words. */
export async function runOk(argv: readonly [string, ...string[]], options: RunOptions): Promise<Buffer> {
  const outcome = await run(argv, options);
  if (outcome.code !== 0) {
    throw new Error(`${argv.join(' ')}: exit ${outcome.code ?? outcome.signal}\n${outcome.stderr.trim()}`);
  }
  return outcome.stdout;
}
