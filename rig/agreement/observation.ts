/** What is seen of a host after an act. Equal on the real machine and on the simulated host, or one of them is wrong. */
export type Observation = {
  readonly exit: number;
  /** The class of what was said: our failure code or refusing rules, or which of libvirt's known messages. */
  readonly says: string;
  readonly drivers: Readonly<Record<string, string | null>>;
  readonly overrides: Readonly<Record<string, string>>;
  /** Functions that share a group, as sets: the numbers themselves mean nothing. */
  readonly groups: readonly string[];
  readonly guests: Readonly<Record<string, string>>;
};

/** One line a function as `observationScript` prints it: address, driver, override, group. */
export type FunctionSeen = {
  readonly address: string;
  readonly driver: string | null;
  readonly override: string | null;
  readonly group: string | null;
};

/** Messages of libvirt and QEMU by what they mean; the first that matches. */
const MESSAGES: readonly (readonly [string, RegExp])[] = [
  ['group not viable', /group \d+ is not viable/],
  ['in use by a guest', /is in use by driver QEMU/],
  ['no interrupt remapping', /Failed to set iommu for container: Operation not permitted/],
  ['passthrough not supported', /device assignment is currently not supported|doesn't support passthrough/],
  ['no such node device', /no node device with matching name/],
  ['must be detached by hand', /must be manually detached from the host/],
];

export function virshSays(code: number, stderr: string): string {
  if (code === 0) return 'done';
  return MESSAGES.find(([, pattern]) => pattern.test(stderr))?.[0] ?? `unknown message: ${stderr.trim()}`;
}

type Document = {
  readonly code?: string;
  readonly status?: string;
  readonly findings?: readonly {
    readonly rule: string;
    readonly subject: string;
    readonly severity: string;
  }[];
};

export function vfioctlSays(stdout: string): string {
  const document = JSON.parse(stdout) as Document;
  if (document.status !== 'refused') return document.code ?? document.status ?? 'no word';
  const refusing = (document.findings ?? []).filter(
    (f) => f.severity === 'blocker' || f.severity === 'guard',
  );
  return `refused: ${[...new Set(refusing.map((f) => `${f.rule} ${f.subject}`))].sort().join(', ')}`;
}

export function observationOf(
  exit: number,
  says: string,
  functions: readonly FunctionSeen[],
  guests: Readonly<Record<string, string>>,
): Observation {
  const sorted = functions.toSorted((a, b) => (a.address < b.address ? -1 : 1));
  const groups = new Map<string, string[]>();
  for (const { address, group } of sorted) {
    if (group !== null) groups.set(group, [...(groups.get(group) ?? []), address]);
  }
  return {
    exit,
    says,
    drivers: Object.fromEntries(sorted.map((f) => [f.address, f.driver])),
    overrides: Object.fromEntries(
      sorted.flatMap((f) => (f.override === null ? [] : [[f.address, f.override]])),
    ),
    groups: [...groups.values()].map((members) => members.join(' ')).sort(),
    guests: Object.fromEntries(Object.entries(guests).sort()),
  };
}
