import type { Host } from '../host/host.ts';
import { DEFAULT_URI } from '../host/libvirt/virsh.ts';
import { version } from '../version.ts';
import { consoleFacts } from './console.ts';
import { cpuFacts } from './cpu.ts';
import { displayFacts } from './display.ts';
import { iommuGroups } from './groups.ts';
import { libvirtFacts } from './guests.ts';
import { inputFacts } from './input.ts';
import { interruptLines } from './interrupts.ts';
import { iommuFacts } from './iommu.ts';
import { kernelFacts } from './kernel.ts';
import { kernelLog } from './log.ts';
import { Look } from './look.ts';
import { memoryFacts } from './memory.ts';
import { moduleFacts } from './modules.ts';
import { networkFacts } from './network.ts';
import { nodeFacts } from './nodes.ts';
import { pciFunctions } from './pci.ts';
import { securityFacts } from './security.ts';
import type { Need, Snapshot } from './snapshot.ts';
import { soundFacts } from './sound.ts';
import { storageFacts } from './storage.ts';
import { usbFacts } from './usb.ts';
import { vfioFacts } from './vfio.ts';

export interface CollectOptions {
  /** libvirt's connection; the system's unless told. */
  readonly uri?: string;
}

type Section = Exclude<keyof Snapshot, 'schema' | 'made' | 'gaps'>;

const ALL: readonly Need[] = [
  'cpu',
  'kernel',
  'iommu',
  'functions',
  'config',
  'override',
  'details',
  'groups',
  'modules',
  'vfio',
  'interrupts',
  'log',
  'sound',
  'network',
  'storage',
  'display',
  'console',
  'input',
  'usb',
  'nodes',
  'security',
  'memory',
  'libvirt',
];

/**
 * The host as a snapshot, reading only what is needed. It never fails for something that cannot be read: that is a
 * gap, and what was not asked for is simply missing.
 */
export async function collect(
  host: Host,
  needs: readonly Need[],
  options: CollectOptions = {},
): Promise<Snapshot> {
  const look = new Look(host);
  const wanted = new Set(needs);
  const config = wanted.has('config');
  const override = wanted.has('override');
  const details = wanted.has('details');
  if (config || override || details) wanted.add('functions');
  const read: { readonly [S in Section]: () => Snapshot[S] | Promise<Snapshot[S]> } = {
    // What runs processes comes first, and the files are read meanwhile.
    libvirt: () => libvirtFacts(look, options.uri ?? DEFAULT_URI),
    log: () => kernelLog(look),
    functions: () => pciFunctions(look, { config, override, details }),
    cpu: () => cpuFacts(look),
    kernel: () => kernelFacts(look),
    iommu: () => iommuFacts(look),
    groups: () => iommuGroups(look, 'groups'),
    modules: () => moduleFacts(look),
    vfio: () => vfioFacts(look),
    interrupts: () => interruptLines(look),
    sound: () => soundFacts(look),
    network: () => networkFacts(look),
    storage: () => storageFacts(look),
    display: () => displayFacts(look),
    console: () => consoleFacts(look),
    input: () => inputFacts(look),
    usb: () => usbFacts(look),
    nodes: () => nodeFacts(look),
    security: () => securityFacts(look),
    memory: () => memoryFacts(look),
  };
  const sections = (Object.keys(read) as Section[]).filter((section) => wanted.has(section));
  const values = await inTurns(sections.map((section) => read[section]));
  const bootId = host.read('/proc/sys/kernel/random/boot_id');
  const found = sections.flatMap((section, at) => (values[at] === undefined ? [] : [[section, values[at]]]));
  return {
    schema: 'vfioctl/snapshot/1',
    made: {
      by: `vfioctl ${version}`,
      at: host.now().toISOString(),
      bootId: bootId.state === 'read' ? bootId.value.trim() : null,
      origin: { ...host.origin },
      root: host.root,
    },
    ...Object.fromEntries(found),
    // Sections are read side by side: the order of their gaps would be chance.
    gaps: look.gaps.sort((a, b) => compare(a.fact, b.fact) || compare(a.subject ?? '', b.subject ?? '')),
  };
}

/** One begins after the other, so that in between the answer of a process leads to its next question. */
function inTurns(reads: readonly (() => unknown)[]): Promise<unknown[]> {
  let turn = Promise.resolve();
  return Promise.all(
    reads.map((read) => {
      const value = turn.then(read);
      turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)));
      return value;
    }),
  );
}

/** Everything that any command would read: what a capture records. */
export function collectAll(host: Host, options: CollectOptions = {}): Promise<Snapshot> {
  return collect(host, ALL, options);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
