import { type Answer, answer, failed } from './answer.ts';
import { guestAgentAnswers, guestNature } from './guest-life.ts';
import { guestProgram } from './guest-program.ts';
import type { GuestState, SimulatedState } from './state.ts';

const COMMANDS = ['guest-exec', 'guest-exec-status', 'guest-info', 'guest-ping'] as const;

interface AgentRequest {
  readonly execute: string;
  readonly arguments?: {
    readonly path?: string;
    readonly arg?: readonly string[];
    readonly pid?: number;
    readonly 'capture-output'?: boolean;
    /** Base64. */
    readonly 'input-data'?: string;
  };
}

/** `virsh qemu-agent-command`: what qemu-ga in the guest answers, or libvirt in its place. */
export function agentCommand(state: SimulatedState, guest: GuestState, text: string): Answer {
  if (!guest.live) return failed('Requested operation is not valid: domain is not running');
  if (!guest.live.xml.includes("name='org.qemu.guest_agent.0'")) {
    return failed('argument unsupported: QEMU guest agent is not configured');
  }
  if (!guestAgentAnswers(state, guest)) {
    return failed('Guest agent is not responding: QEMU guest agent is not connected');
  }
  const request = JSON.parse(text) as AgentRequest;
  const refuse = (why: string): Answer =>
    failed(`internal error: unable to execute QEMU agent command '${request.execute}': ${why}`);
  if (request.execute.startsWith('guest-exec') && guestNature(state, guest).agent === 'no-exec') {
    return refuse(`Command ${request.execute} has been disabled`);
  }
  const given = request.arguments ?? {};
  switch (request.execute) {
    case 'guest-ping':
      return reply({});
    case 'guest-info':
      return reply({
        version: state.board.libvirt.qemu,
        supported_commands: COMMANDS.map((name) => ({
          enabled: !name.startsWith('guest-exec') || guestNature(state, guest).agent === 'runs',
          name,
          'success-response': true,
        })),
      });
    case 'guest-exec': {
      const argv = [given.path ?? '', ...(given.arg ?? [])];
      const ended = guestProgram(state, guest, argv, Buffer.from(given['input-data'] ?? '', 'base64').length);
      if (ended === null) {
        return refuse(
          `Guest agent command failed, error was 'Failed to execute child process “${argv[0]}” (No such file or directory)'`,
        );
      }
      const pid = 800 + guest.live.processes.length;
      const { ms, ...rest } = ended;
      guest.live.processes.push({ pid, argv, startedAt: state.clock, endsAt: state.clock + ms, ...rest });
      return reply({ pid });
    }
    case 'guest-exec-status': {
      const process = guest.live.processes.find((p) => p.pid === given.pid);
      if (!process) return refuse("Invalid parameter 'pid'");
      if (state.clock < process.endsAt) return reply({ exited: false });
      return reply({
        exited: true,
        exitcode: process.code,
        ...(process.stdout === '' ? {} : { 'out-data': base64(process.stdout) }),
        ...(process.stderr === '' ? {} : { 'err-data': base64(process.stderr) }),
      });
    }
    default:
      return refuse(`The command ${request.execute} has not been found`);
  }
}

function reply(value: unknown): Answer {
  return answer(`${JSON.stringify({ return: value })}\n`);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
