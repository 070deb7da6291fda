/**
 * The only door to a machine. Four adapters stand behind it: the live machine, a directory taken as root,
 * a capture (both read-only), and the simulated machine. Nothing outside `host/` touches `node:fs` or
 * `node:child_process`.
 */

/** What a look at the machine gave. Unknown is a value: absent and unreadable are never the same. */
export type Reading<T> =
  | { readonly state: 'read'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable'; readonly why: string };

export interface HostOrigin {
  readonly kind: 'live' | 'root' | 'capture' | 'simulated';
  /** Host name, directory, capture file or board: what to call this host in a report. */
  readonly name: string;
}

export interface RunOptions {
  /** Absolute deadline of the whole process in milliseconds; 10,000 unless told. */
  readonly deadlineMs?: number;
  /** Text for its standard input; without it the input is empty. */
  readonly input?: string;
  /** Called as soon as the child exists, so that the journal can name it before it acts. */
  readonly started?: (child: RunningChild) => void;
}

export interface RunningChild {
  readonly pid: number;
  /** Start time in clock ticks since boot (field 22 of /proc/PID/stat): with the pid it names one process. */
  readonly startTicks: number | null;
}

/** A finished (or abandoned) child. `code` is null when it was killed or did not finish by its deadline. */
export interface RunResult {
  readonly argv: readonly string[];
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
  /** The deadline passed: the child was told to end, but what it asked a daemon to do may still happen. */
  readonly timedOut: boolean;
}

export interface Lock {
  release(): Promise<void>;
}

export interface Host {
  readonly origin: HostOrigin;
  /** May this process change the host: a writable adapter and, on the live machine, root. */
  readonly writable: boolean;
  /** Reads as root would: what is unreadable is then really unreadable. */
  readonly root: boolean;

  /** A text file, at most `maxBytes` (1 MiB unless told) from its start; one trailing newline is kept. */
  read(path: string, maxBytes?: number): Reading<string>;
  readBytes(path: string, maxBytes?: number): Reading<Uint8Array>;
  /** Names in a directory, sorted. */
  list(path: string): Reading<string[]>;
  /** Target of a symbolic link as it stands there, not resolved. */
  link(path: string): Reading<string>;
  /** The path with every link resolved. */
  real(path: string): Reading<string>;
  exists(path: string): boolean;

  /**
   * Small text files that the kernel reads under a device's lock (`driver_override`, `config`, `reset_method`):
   * a device stuck in the kernel would hang a plain read for ever, so they are read by a child under one deadline.
   * Every path asked is a key of the answer.
   */
  readGuarded(paths: readonly string[], deadlineMs?: number): Promise<Map<string, Reading<string>>>;

  /** One process, argv only, never a shell, LC_ALL=C, output capped. It never throws for a failing command. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;

  /** One write(2) to an existing file, as sysfs wants it. Throws Failure. */
  write(path: string, text: string): void;
  /** Append to our own file and fsync it; it is created 0600, and then its directory is fsynced too. */
  append(path: string, text: string): void;
  /** Replace one of our own files whole and atomically: temporary file, fsync, rename, fsync of the directory. */
  replace(path: string, text: string, mode?: number): void;
  /** Create a directory (0700) and its missing parents; refuses a symbolic link in its place. */
  makeDirectory(path: string): void;
  remove(path: string): void;
  /**
   * Who else than root and this user may change what stands in a directory, in words; null when nobody may. What a
   * journal or a lock says there is not to be trusted otherwise.
   */
  exposed(directory: string): string | null;

  /** The one lock of the host: a second taker gets Failure 'busy' naming the holder. */
  lock(purpose: string): Promise<Lock>;

  now(): Date;
  /** Lets time pass: the simulated host only moves its clock. */
  sleep(ms: number): Promise<void>;
}

export function value<T>(reading: Reading<T>): T | null {
  return reading.state === 'read' ? reading.value : null;
}
