/** How a simulated program ended, and how long it took on the virtual clock. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  readonly ms: number;
  /** What virsh says besides, unless it was told to be quiet: after its answer, and before it (heads of tables). */
  readonly extra: string;
  readonly head: string;
}

/** Start and end of a small program. */
const PROGRAM_MS = 15;

export function answer(
  stdout: string,
  code = 0,
  stderr = '',
  ms = PROGRAM_MS,
  extra = '',
  head = '',
): Answer {
  return { stdout, stderr, code, ms, extra, head };
}

/** virsh failed: its own line of what, then libvirt's of why. */
export function failed(...lines: string[]): Answer {
  return answer('', 1, lines.map((line) => `error: ${line}\n`).join(''));
}
