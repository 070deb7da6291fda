import type { Host } from '../host.ts';
import { virshArgv, virshError } from './virsh.ts';

/**
 * What a guest's agent gave. `absent`: no channel, no agent behind it, or the guest is off. `blocked`: the agent may
 * not do it (its block list, or SELinux in the guest). `failed`: it tried.
 */
export type AgentReply<T> =
  | { readonly state: 'answered'; readonly value: T }
  | { readonly state: 'absent' | 'blocked' | 'failed'; readonly why: string };

export interface AgentResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ANSWER_S = 10;
const EXEC_MS = 30_000;
const POLL_MS = 200;

export async function agentPing(host: Host, uri: string, uuid: string): Promise<AgentReply<null>> {
  const reply = await agentCommand(host, uri, uuid, { execute: 'guest-ping' });
  return reply.state === 'answered' ? { state: 'answered', value: null } : reply;
}

export interface AgentExecOptions {
  readonly deadlineMs?: number;
  /** The program's standard input; it must fit one argument of virsh, 128 KiB in base64. */
  readonly input?: Uint8Array;
}

/** Runs a program in the guest, argv only, and waits until it has ended or the deadline is over (then `failed`). */
export async function agentExec(
  host: Host,
  uri: string,
  uuid: string,
  argv: readonly string[],
  { deadlineMs = EXEC_MS, input }: AgentExecOptions = {},
): Promise<AgentReply<AgentResult>> {
  const [path = '', ...arg] = argv;
  const end = host.now().getTime() + deadlineMs;
  const begun = await agentCommand(host, uri, uuid, {
    execute: 'guest-exec',
    arguments: {
      path,
      arg,
      'capture-output': true,
      ...(input === undefined ? {} : { 'input-data': base64(input) }),
    },
  });
  if (begun.state !== 'answered') return begun;
  const { pid } = record(begun.value);
  if (typeof pid !== 'number') return { state: 'failed', why: 'the guest agent started nothing' };
  for (;;) {
    const status = await agentCommand(host, uri, uuid, { execute: 'guest-exec-status', arguments: { pid } });
    if (status.state !== 'answered') return status;
    const { exited, exitcode, 'out-data': out, 'err-data': err } = record(status.value);
    if (exited === true) {
      const code = typeof exitcode === 'number' ? exitcode : null;
      return { state: 'answered', value: { code, stdout: decode(out), stderr: decode(err) } };
    }
    if (host.now().getTime() >= end) {
      return { state: 'failed', why: `${path} did not end within ${deadlineMs / 1000} s in the guest` };
    }
    await host.sleep(POLL_MS);
  }
}

async function agentCommand(
  host: Host,
  uri: string,
  uuid: string,
  command: object,
): Promise<AgentReply<unknown>> {
  const args = ['qemu-agent-command', uuid, '--timeout', `${ANSWER_S}`, JSON.stringify(command)];
  const result = await host.run(virshArgv(uri, args), { deadlineMs: (ANSWER_S + 5) * 1000 });
  if (result.timedOut) return { state: 'absent', why: 'the guest agent did not answer in time' };
  if (result.code !== 0) return refusal(virshError(result.stderr) || `virsh ended with ${result.code}`);
  try {
    return { state: 'answered', value: (JSON.parse(result.stdout) as { return: unknown }).return };
  } catch {
    return { state: 'failed', why: `the guest agent answered no JSON: ${result.stdout.slice(0, 100)}` };
  }
}

function refusal(why: string): AgentReply<never> {
  if (
    /agent is not (connected|responding|configured|available)|domain is not running|failed to get domain/i.test(
      why,
    )
  ) {
    return { state: 'absent', why };
  }
  // qemu-ga: `Command guest-exec has been disabled…`, `The command guest-exec has been disabled for this instance`.
  if (/has been disabled|not allowed|CommandNotFound|has not been found/.test(why))
    return { state: 'blocked', why };
  return { state: 'failed', why };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The agent is the guest's own program, and may answer anything. */
function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** What a program printed comes in base64. */
function decode(base64: unknown): string {
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64').toString('utf8') : '';
}
