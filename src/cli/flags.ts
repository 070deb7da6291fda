import { Failure } from '../failure.ts';
import { DEFAULT_URI } from '../host/libvirt/virsh.ts';

/** Flags of every command that looks. */
export interface LookFlags {
  readonly json?: boolean;
  readonly host?: string;
  readonly connect?: string;
  readonly verbose?: boolean;
}

/** Flags of every command that takes its time. */
export interface EventFlags extends LookFlags {
  readonly events?: boolean;
}

/** Flags of every command that changes. */
export interface ChangeFlags extends EventFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly format?: 'text' | 'sh';
  readonly stateDir?: string;
}

/** Flags of a change that can be insisted on, and that can take itself back. */
export interface LendFlags extends ChangeFlags {
  /** `RULE=WORDS` of guards that are overridden. */
  readonly accept?: readonly string[];
  /** Seconds until the change is taken back unless it is kept. */
  readonly deadMan?: number;
}

const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder, optional: true }) as const;
const on = (brief: string) => ({ kind: 'boolean', brief, optional: true, withNegated: false }) as const;

export const lookFlags = {
  json: on('print the result as a JSON document'),
  host: text('another host: a capture, a directory taken as root, or sim:NAME', 'FILE|DIR|sim:NAME'),
  connect: text('libvirt connection, local only (qemu:///system)', 'URI'),
  verbose: on('say more: also what is well, and how it was found out'),
} as const;

export const stateFlag = { stateDir: text('where the journal lies (/var/lib/vfioctl)', 'DIR') } as const;

export const eventFlag = {
  events: on('print what happens as JSON lines while it does, the result last'),
} as const;

export const changeFlags = {
  ...lookFlags,
  ...eventFlag,
  ...stateFlag,
  yes: on('do not ask'),
  dryRun: on('show the plan and stop'),
  format: {
    kind: 'enum',
    values: ['text', 'sh'],
    brief: 'form of --dry-run: sh prints plan and undo as a plain script',
    optional: true,
  },
} as const;

export const acceptFlag = {
  accept: {
    kind: 'parsed',
    parse: String,
    variadic: true,
    brief: 'override one guard by its own words, as its refusal shows them; may be given again',
    placeholder: 'RULE=WORDS',
    optional: true,
  },
} as const;

export const deadManFlag = {
  deadMan: {
    kind: 'parsed',
    parse: secondsParse,
    brief: 'take it all back after so long (10s to 60m) unless you then say: vfioctl keep',
    placeholder: 'TIME',
    optional: true,
  },
} as const;

export const flag = { on, text };

/** The number of a run as typed; null: the last one that fits. Throws Failure `usage`. */
export function runNumber(text: string | undefined): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Failure('usage', `'${text}' is no run number`, 'vfioctl history lists the runs');
}

/** `60s`, `10m`; a bare number is seconds. */
function secondsParse(text: string): number {
  const [, count, unit] = /^(\d{1,4})([sm]?)$/.exec(text) ?? [];
  const seconds = Number(count) * (unit === 'm' ? 60 : 1);
  if (seconds >= 10 && seconds <= 3600) return seconds;
  throw new SyntaxError(`'${text}' is no time from 10s to 60m`);
}

const DEFAULT_STATE_DIR = '/var/lib/vfioctl';

export function stateDirOf(flags: { readonly stateDir?: string }): string {
  return flags.stateDir ?? DEFAULT_STATE_DIR;
}

/**
 * Remote connections are refused, also from the environment: sysfs here and guests elsewhere do not belong together.
 */
export function uriOf(flags: LookFlags, env: Readonly<Record<string, string | undefined>>): string {
  const uri = flags.connect ?? DEFAULT_URI;
  const local = /^[a-z]+:\/\/\/[\w/-]+$/.test(uri);
  if (!local) {
    throw new Failure(
      'usage',
      `--connect ${uri}: only a local libvirt is lent to`,
      `run vfioctl on that host itself`,
    );
  }
  const inherited = env.LIBVIRT_DEFAULT_URI ?? env.VIRSH_DEFAULT_CONNECT_URI;
  if (flags.connect === undefined && inherited !== undefined && !/^[a-z]+:\/\/\/[\w/-]+$/.test(inherited)) {
    throw new Failure(
      'usage',
      `the environment points libvirt at ${inherited}, another machine`,
      `unset LIBVIRT_DEFAULT_URI, or give --connect ${DEFAULT_URI}`,
    );
  }
  return uri;
}
