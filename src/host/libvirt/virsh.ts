import { Failure } from '../../failure.ts';
import type { Host, RunningChild, RunResult } from '../host.ts';

/** The system's guests, whatever LIBVIRT_DEFAULT_URI says: passthrough is root's business, and root's session has none. */
export const DEFAULT_URI = 'qemu:///system';

/** Told of each change's process as soon as it exists, so that the journal can name it. */
export type ChangeStarted = (argv: readonly string[], child: RunningChild) => void;

export interface ChangeOptions {
  readonly input?: string;
  readonly deadlineMs?: number;
  readonly started?: ChangeStarted | undefined;
}

/** The first answer of a fresh daemon waits until it has asked every emulator for its capabilities. */
const READ_MS = 45_000;
const CHANGE_MS = 60_000;

/**
 * One read, one process. Answers its standard output. Throws Failure `no-libvirt`, `not-found` for a guest that is
 * not there, or `step-failed` with libvirt's own words.
 */
export async function virshRead(host: Host, uri: string, args: readonly string[]): Promise<string> {
  const result = await host.run(virshArgv(uri, args), { deadlineMs: READ_MS });
  if (result.timedOut) throw silent(args, READ_MS);
  if (result.code !== 0) throw virshFailure(result);
  return result.stdout;
}

/**
 * Many reads, one process: virsh takes several commands in one argument and goes on after one that fails. One
 * answer a command, empty for what failed: its error stands unattributed on standard error.
 */
export async function virshBatch(
  host: Host,
  uri: string,
  commands: readonly (readonly string[])[],
): Promise<string[]> {
  if (commands.length === 0) return [];
  const text = commands.map((words) => `${words.join(' ')}; echo ${MARKER}`).join('; ');
  const result = await host.run(virshArgv(uri, [text]), { deadlineMs: READ_MS + commands.length * 100 });
  if (result.timedOut) throw silent(['batch'], READ_MS);
  const answers = result.stdout.split(MARKER);
  if (answers.length === commands.length + 1) return answers.slice(0, -1);
  if (result.code !== 0) throw virshFailure(result);
  const message = `virsh answered ${answers.length - 1} of ${commands.length} questions`;
  throw new Failure('no-libvirt', message, libvirtHint(message));
}

/** Never in a document of libvirt's: it writes each `&` as an entity. virsh's echo ends without a newline. */
const MARKER = '&&vfioctl&&';

/**
 * One change, one process. Throws Failure `outcome-unknown` past the deadline: the daemon goes on with what it was
 * asked, and only a look at the guest tells how it ended.
 */
export async function virshChange(
  host: Host,
  uri: string,
  args: readonly string[],
  { input, deadlineMs = CHANGE_MS, started }: ChangeOptions = {},
): Promise<void> {
  const argv = virshArgv(uri, args);
  const result = await host.run(argv, {
    deadlineMs,
    ...(input === undefined ? {} : { input }),
    ...(started === undefined ? {} : { started: (child) => started(argv, child) }),
  });
  if (result.timedOut) {
    throw new Failure(
      'outcome-unknown',
      `virsh ${args[0]} did not end within ${deadlineMs / 1000} s; libvirt may still be at it`,
      'look at the guest with virsh domjobinfo and virsh domstate before anything else',
    );
  }
  if (result.code === null) {
    throw new Failure(
      'outcome-unknown',
      `virsh ${args[0]} was killed before it ended; libvirt may still be at it`,
      'look at the guest with virsh domstate before anything else',
    );
  }
  if (result.code !== 0) throw virshFailure(result);
}

export function virshArgv(uri: string, args: readonly string[]): string[] {
  return ['virsh', '-q', '--connect', uri, ...args];
}

/** `error:` lines in one: what failed, then why. Lines of QEMU's own that follow are kept. */
export function virshError(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^error: /, '').trim());
  return lines.filter((line) => line !== '').join(': ');
}

function virshFailure(result: RunResult): Failure {
  if (result.code === 127) {
    return new Failure('no-libvirt', 'virsh is not installed', "install libvirt's client programs");
  }
  const error = virshError(result.stderr);
  if (error.startsWith('failed to connect to the hypervisor')) {
    const why = error.replace(/^failed to connect to the hypervisor(: )?/, '');
    return new Failure(
      'no-libvirt',
      `libvirt does not answer: ${why || 'no reason given'}`,
      libvirtHint(why),
    );
  }
  if (BROKEN.test(error)) {
    return new Failure('no-libvirt', `${LOST}${error}`, 'see why: journalctl -u libvirtd -u virtqemud');
  }
  if (error.startsWith('failed to get domain'))
    return new Failure('not-found', error, 'virsh list --all shows all guests');
  return new Failure('step-failed', error || `virsh ended with ${result.code}`);
}

/** The connection broke: the daemon has ended. */
const BROKEN =
  /Disconnected from \S+ due to|End of file while reading data|Cannot (recv|write) data|client socket is closed/;
/** Its socket is not there, or nobody listens: as while it is restarted. */
const AWAY = /Failed to connect socket to .*: (No such file or directory|Connection refused)/;
const LOST = 'libvirt ended in the middle: ';

/** It had taken the call and ended before it answered: what it was asked may be done, and what it asked a guest may come. */
export function libvirtLost(error: unknown): boolean {
  return error instanceof Failure && error.message.startsWith(LOST);
}

/** It does not answer now, and may in a moment: it is being restarted, or has just ended. Silence is not that. */
export function libvirtAway(error: unknown): boolean {
  if (!(error instanceof Failure) || error.code !== 'no-libvirt') return false;
  return BROKEN.test(error.message) || AWAY.test(error.message);
}

/** What to do about a libvirt that does not answer, by the reason that it or its client gave. */
export function libvirtHint(why: string): string {
  if (/Permission denied|[Aa]uthentication|polkit/.test(why))
    return 'run as root, or as a member of the group libvirt';
  if (/No such file|Connection refused/.test(why))
    return 'install its QEMU driver, or start it: systemctl start libvirtd (or virtqemud.socket)';
  return 'see what holds it up: vfioctl status, and journalctl -u libvirtd -u virtqemud';
}

function silent(args: readonly string[], ms: number): Failure {
  const message = `libvirt did not answer virsh ${args[0]} within ${ms / 1000} s`;
  return new Failure('no-libvirt', message, libvirtHint(message));
}
