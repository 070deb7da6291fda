import type { SimulatedHost } from '../src/host/simulated/index.ts';

const STATE_DIR = '/var/lib/vfioctl';

/** What is on the disk, by what a person would call it; the journal itself is ours to keep. */
export function standing(machine: SimulatedHost): Map<string, string> {
  const { guests, files } = machine.toJSON();
  const stand = new Map<string, string>();
  for (const { uuid, name, inactive, autostart } of guests) {
    stand.set(`guest ${uuid}`, name);
    stand.set(`definition of ${uuid}`, inactive ?? 'none');
    stand.set(`autostart of ${uuid}`, String(autostart));
  }
  for (const [path, entry] of sorted(files)) {
    if (path === STATE_DIR || path.startsWith(`${STATE_DIR}/`)) continue;
    // The directory that the state directory lies in names it.
    const own = 'd' in entry ? { d: entry.d.filter((name) => `${path}/${name}` !== STATE_DIR) } : entry;
    stand.set(path, JSON.stringify(own));
  }
  return stand;
}

/** What a boot makes anew. */
export function running({ state: { kernel, guests } }: SimulatedHost): Map<string, string> {
  const stand = new Map<string, string>();
  for (const [address, driver] of sorted(kernel.drivers)) stand.set(`driver of ${address}`, driver);
  for (const [address, driver] of sorted(kernel.overrides))
    stand.set(`driver_override of ${address}`, driver);
  for (const { uuid, live } of guests) {
    stand.set(`state of ${uuid}`, live === null ? 'shut off' : live.offAt === null ? 'running' : 'going off');
    stand.set(
      `functions in the running ${uuid}`,
      Object.keys(live?.lentAt ?? {})
        .sort()
        .join(' '),
    );
    stand.set(`to be given back by ${uuid}`, [...(live?.giveBack ?? [])].sort().join(' '));
  }
  return stand;
}

/** Functions that the host had after the one boot, and has not after the other. */
export function missed(wanted: SimulatedHost, found: SimulatedHost): string[] {
  const has = (machine: SimulatedHost, address: string): boolean =>
    (machine.state.kernel.drivers[address] ?? 'vfio-pci') !== 'vfio-pci';
  return wanted.state.board.functions
    .map((f) => f.address)
    .filter((address) => has(wanted, address) && !has(found, address))
    .map((address) => `the host came up without ${address}`);
}

/** What differs, one line each. */
export function differences(
  wanted: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string[] {
  const keys = new Set([...wanted.keys(), ...found.keys()]);
  return [...keys]
    .filter((key) => wanted.get(key) !== found.get(key))
    .map((key) => `${key}: ${parted(wanted.get(key), found.get(key)).join(' before, ')} now`);
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Both from the first line on that differs. */
function parted(...texts: (string | undefined)[]): string[] {
  const [one = [], other = []] = texts.map((text) => text?.split('\n') ?? []);
  const at = one.findIndex((line, i) => line !== other[i]);
  return texts.map((text) => {
    const line = text?.split('\n').slice(Math.max(at, 0)).join(' ').replace(/\s+/g, ' ').trim();
    return line === undefined ? 'nothing' : `'${line.length > 80 ? `${line.slice(0, 80)}…` : line}'`;
  });
}
