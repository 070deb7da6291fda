import { Failure } from '../../failure.ts';
import type { Tree } from '../tree.ts';
import { agentCommand } from './agent.ts';
import { type Answer, answer, failed } from './answer.ts';
import { domainAttach, domainDefine, domainDetach, domainUndefine } from './domain-change.ts';
import { domainDestroy, domainShutdown, domainStart, domainStateText } from './domain-life.ts';
import { domainMetadata } from './domain-metadata.ts';
import {
  capabilitiesText,
  domainInfoText,
  domainListText,
  domainXmlText,
  versionText,
} from './domain-show.ts';
import { networkInfo, networkListText, networkXml } from './network.ts';
import { nodeDeviceDetach, nodeDeviceList, nodeDeviceReattach, nodeDeviceXml } from './node-device.ts';
import type { GuestState, SimulatedState } from './state.ts';
import { DeviceStuck, hung, libvirtSilent } from './stuck.ts';

/** Options of the closed list that take a value. */
const WITH_VALUE = new Set(['uri', 'key', 'set', 'cap', 'timeout', 'mode', 'file', 'domain']);

interface Call {
  readonly state: SimulatedState;
  readonly files: Tree;
  readonly verb: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  readonly input: string;
}

/** `virsh [-q] [--connect URI] VERB …`, or several commands in one argument, parted by `;`. */
export function virsh(state: SimulatedState, files: Tree, args: readonly string[], input: string): Answer {
  const rest = [...args];
  let quiet = false;
  while (rest[0]?.startsWith('-')) {
    const option = rest.shift()!;
    if (option === '-q' || option === '--quiet') quiet = true;
    else if (option === '-c' || option === '--connect') {
      const uri = rest.shift() ?? '';
      if (uri !== 'qemu:///system') throw notSimulated(['--connect', uri]);
    } else throw notSimulated([option]);
  }
  const commands = rest.length === 1 ? rest[0]!.split(';').map(words) : [rest];
  let stdout = '';
  let stderr = '';
  let code = 0;
  let ms = 0;
  for (const command of commands.filter((c) => c.length > 0)) {
    const said = virshCommand(state, files, command, input);
    stdout += quiet ? said.stdout : `${said.head}${said.stdout}${said.extra}\n`;
    stderr += said.stderr;
    code = said.code;
    ms = Math.max(ms, said.ms);
  }
  return answer(stdout, code, stderr, ms);
}

function notSimulated(command: readonly string[]): Failure {
  return new Failure('not-simulated', `not simulated: virsh ${command.join(' ')}`);
}

/** virsh's own splitting of a line: by blanks, outside of quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

function virshCommand(state: SimulatedState, files: Tree, command: readonly string[], input: string): Answer {
  const [verb = '', ...args] = command;
  if (verb === 'echo') return answer(args.join(' '));
  const plain: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i]!;
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg);
    if (!match) plain.push(arg);
    else if (match[2] !== undefined) options.set(match[1]!, match[2]);
    else if (WITH_VALUE.has(match[1]!)) options.set(match[1]!, args[++i] ?? '');
    else options.set(match[1]!, '');
  }
  const call: Call = { state, files, verb, words: plain, options, input };
  const host = Object.hasOwn(HOST_VERBS, verb) ? HOST_VERBS[verb] : undefined;
  if (host) return served(call, null, () => host(call));
  const verbOfDomain = Object.hasOwn(DOMAIN_VERBS, verb) ? DOMAIN_VERBS[verb] : undefined;
  if (!verbOfDomain) throw notSimulated(command);
  const name = options.get('domain') ?? plain[0];
  if (name === undefined) return failed(`command '${verb}' requires <domain> option`);
  const guest = domainFind(state, name);
  // virsh says no more: the reason that libvirt gave is lost on the way through its three look-ups.
  return guest
    ? served(call, guest, () => verbOfDomain(call, guest))
    : failed(`failed to get domain '${name}'`);
}

/** A thread of libvirtd's serves it, unless another one sleeps in the kernel with what it needs. */
function served({ state, verb, input }: Call, guest: GuestState | null, serve: () => Answer): Answer {
  if (libvirtSilent(state, verb, input, guest)) return hung();
  try {
    return serve();
  } catch (error) {
    if (!(error instanceof DeviceStuck)) throw error;
    state.kernel.stuck.push({ address: error.address, program: null, guest: guest?.uuid ?? null });
    return hung();
  }
}

/** As virsh looks a guest up: by the id of a running one, by UUID, by name. */
function domainFind(state: SimulatedState, name: string): GuestState | undefined {
  const byId = /^\d+$/.test(name) ? state.guests.find((g) => g.live?.id === Number(name)) : undefined;
  return byId ?? state.guests.find((g) => g.uuid === name) ?? state.guests.find((g) => g.name === name);
}

const HOST_VERBS: Readonly<Record<string, (call: Call) => Answer>> = {
  uri: () => answer('qemu:///system\n'),
  version: ({ state }) => answer(versionText(state)),
  capabilities: ({ state }) => answer(capabilitiesText(state)),
  list: ({ state, options }) => domainListText(state, new Set(options.keys())),
  define: (call) => withFile(call, call.words[0], (xml, from) => domainDefine(call.state, xml, from)),
  'net-list': ({ options }) => {
    const list = networkListText(new Set(options.keys()));
    if (!list) throw notSimulated(['net-list']);
    return list;
  },
  'net-info': ({ words: [name = ''] }) => networkInfo(name),
  'net-dumpxml': ({ words: [name = ''] }) => networkXml(name),
  'nodedev-list': ({ state, options }) => {
    if (!options.has('tree') && options.get('cap') !== 'pci') throw notSimulated(['nodedev-list']);
    return nodeDeviceList(state, options.has('tree'));
  },
  'nodedev-dumpxml': ({ state, words: [name = ''] }) => nodeDeviceXml(state, name),
  'nodedev-detach': ({ state, words: [name = ''] }) => nodeDeviceDetach(state, name),
  'nodedev-reattach': ({ state, words: [name = ''] }) => nodeDeviceReattach(state, name),
};

const DOMAIN_VERBS: Readonly<Record<string, (call: Call, guest: GuestState) => Answer>> = {
  domstate: ({ state }, guest) => answer(`${domainStateText(state, guest)}\n`),
  dominfo: ({ state }, guest) => answer(domainInfoText(state, guest)),
  domuuid: (_, guest) => answer(`${guest.uuid}\n`),
  dumpxml: ({ options }, guest) =>
    answer(`${domainXmlText(guest, options.has('inactive'), options.has('security-info'))}\n`),
  'snapshot-list': ({ options }, guest) => {
    if (!options.has('name')) throw notSimulated(['snapshot-list']);
    return answer(guest.snapshots.map((name) => `${name}\n`).join(''));
  },
  start: ({ state }, guest) => domainStart(state, guest),
  shutdown: ({ state }, guest) => domainShutdown(state, guest),
  destroy: ({ state }, guest) => domainDestroy(state, guest),
  undefine: ({ state }, guest) => domainUndefine(state, guest),
  autostart: ({ options }, guest) => {
    guest.autostart = !options.has('disable');
    return answer(
      '',
      0,
      '',
      undefined,
      `Domain '${guest.name}' ${guest.autostart ? '' : 'un'}marked as autostarted\n`,
    );
  },
  metadata: (call, guest) => {
    const key = call.options.get('key') ?? '';
    const set = call.options.get('set');
    const change =
      set !== undefined ? { key, xml: set } : call.options.has('remove') ? { key, xml: null } : undefined;
    return domainMetadata(guest, call.options.get('uri') ?? '', change, scopeOf(call, guest));
  },
  'attach-device': (call, guest) =>
    withFile(call, call.words[1], (xml, from) =>
      domainAttach(call.state, guest, xml, from, scopeOf(call, guest)),
    ),
  'detach-device': (call, guest) =>
    withFile(call, call.words[1], (xml, from) =>
      domainDetach(call.state, guest, xml, from, scopeOf(call, guest)),
    ),
  'qemu-agent-command': ({ state, words: [, command = ''] }, guest) => agentCommand(state, guest, command),
};

/** One of the two; without a flag virsh means what holds now: the instance of a running guest, else the definition. */
function scopeOf({ verb, options }: Call, guest: GuestState): 'config' | 'live' {
  if (options.has('config') && options.has('live')) throw notSimulated([verb, '--config', '--live']);
  if (options.has('config')) return 'config';
  return options.has('live') || guest.live ? 'live' : 'config';
}

function withFile(call: Call, path: string | undefined, use: (xml: string, from: string) => Answer): Answer {
  if (path === undefined) return failed(`command '${call.verb}' requires <file> option`);
  const reading =
    path === '/dev/stdin' ? ({ state: 'read', value: call.input } as const) : call.files.read(path);
  return reading.state === 'read'
    ? use(reading.value, path)
    : failed(`Failed to open file '${path}': No such file or directory`);
}
