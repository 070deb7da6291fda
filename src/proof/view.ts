/** The inside of a guest, seen by programs that its agent runs. */
import type { Host } from '../host/host.ts';
import { type AgentReply, type AgentResult, agentExec, agentPing } from '../host/libvirt/agent.ts';
import type { GuestModel } from '../model/guest.ts';
import type { Patience } from './patience.ts';

export interface GuestView {
  readonly name: string;
  /**
   * Runs a program, argv only. One that the guest does not have ends with code 127, one that a signal or the
   * deadline ended with null. `input` is what it reads
   * on standard input, at most 90 kB: the whole command is one argument of virsh's, and Linux caps those at 128 KiB.
   * Throws GuestSilent when the agent does not do it.
   */
  run(argv: readonly string[], options?: GuestRunOptions): Promise<AgentResult>;
  now(): number;
  sleep(ms: number): Promise<void>;
}

interface GuestRunOptions {
  readonly deadlineMs?: number;
  readonly input?: Uint8Array;
}

/** The guest cannot be looked into; the message says why. */
export class GuestSilent extends Error {}

/** Throws GuestSilent when there is no agent to ask, also after waiting. */
export async function guestView(
  host: Host,
  uri: string,
  guest: GuestModel,
  patience: Patience,
): Promise<GuestView> {
  if (guest.state === 'paused') throw new GuestSilent(`${guest.name} is paused`);
  if (!guest.agent) throw new GuestSilent(`${guest.name} has no guest agent channel`);
  const ping = await patience(
    () => agentPing(host, uri, guest.uuid),
    (reply) => reply.state !== 'absent',
    `the guest agent of ${guest.name}`,
  );
  answered(guest, ping);
  return {
    name: guest.name,
    run: async (argv, options) => {
      const reply = await agentExec(host, uri, guest.uuid, argv, options);
      return programFailed(reply) ?? answered(guest, reply);
    },
    now: () => host.now().getTime(),
    sleep: (ms) => host.sleep(ms),
  };
}

function answered<T>(guest: GuestModel, reply: AgentReply<T>): T {
  switch (reply.state) {
    case 'answered':
      return reply.value;
    case 'absent':
      throw new GuestSilent(`the guest agent of ${guest.name} does not answer (${reply.why})`);
    case 'blocked':
      throw new GuestSilent(`the guest agent of ${guest.name} may not run programs (${reply.why})`);
    case 'failed':
      throw new GuestSilent(`the guest agent of ${guest.name} failed (${reply.why})`);
  }
}

/**
 * Failures of the program rather than of the agent. GLib's words for a failed execvp, handed on by qemu-ga and
 * libvirt; and our own for a program that went on past its deadline.
 */
function programFailed(reply: AgentReply<AgentResult>): AgentResult | null {
  if (reply.state !== 'failed') return null;
  if (/Failed to execute child process/.test(reply.why)) return { code: 127, stdout: '', stderr: reply.why };
  return /did not end within/.test(reply.why) ? { code: null, stdout: '', stderr: reply.why } : null;
}

/**
 * Small files of the guest by path, one program for all: `grep -H ''` writes `path:line`. What is not there has no
 * key, and with `-s` is not complained about.
 */
export async function guestFiles(view: GuestView, paths: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  if (paths.length === 0) return files;
  const { stdout } = await view.run(['grep', '-sH', '', ...paths]);
  for (const line of stdout.split('\n')) {
    // The paths hold colons of their own; none of them is the beginning of another.
    const path = paths.find((p) => line.startsWith(`${p}:`));
    if (path === undefined) continue;
    const before = files.get(path);
    const text = line.slice(path.length + 1);
    files.set(path, before === undefined ? text : `${before}\n${text}`);
  }
  return files;
}

/** Names in a directory of the guest; null when it is not there. */
export async function guestNames(view: GuestView, path: string): Promise<string[] | null> {
  const { code, stdout } = await view.run(['ls', path]);
  return code === 0 ? stdout.split('\n').filter((name) => name !== '') : null;
}
