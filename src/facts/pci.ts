import { addressCompare } from '../model/address.ts';
import type { Look } from './look.ts';
import { capabilitiesOf } from './pci-config.ts';
import { pciPathAddresses } from './pci-path.ts';
import type { Bar, Capabilities, PciFunction } from './snapshot.ts';

const DEVICES = '/sys/bus/pci/devices';
const BARS = 6;

/** struct resource flags as `resource` prints them (include/linux/ioport.h). */
const IO = 0x0100;
const MEMORY = 0x0200;
const PREFETCH = 0x2000;
const WIDE = 0x0010_0000;

export interface PciNeeds {
  /** Configuration space and reset methods. */
  readonly config: boolean;
  readonly override: boolean;
}

/**
 * Every PCI function, in one pass over sysfs. Of a function's files only those on this list are opened: `resourceN`
 * and `rom` reach the device itself, and reading a register may change it.
 */
export async function pciFunctions(look: Look, needs: PciNeeds): Promise<PciFunction[] | undefined> {
  const names = look.list('functions', DEVICES);
  if (names === undefined) return undefined;
  const functions = (names ?? [])
    .sort(addressCompare)
    .map((address) => functionOf(look, address, needs))
    .filter((fn) => fn !== null);
  const overrides = needs.override ? await guarded(look, functions, 'driver_override') : null;
  const resets = needs.config ? await guarded(look, functions, 'reset_method') : null;
  return functions.map(({ fn }) => {
    const override = overrides?.get(fn.address);
    const reset = resets?.get(fn.address);
    return {
      ...fn,
      // An override that is not set reads as the kernel prints a null pointer.
      ...(override === undefined
        ? {}
        : { driverOverride: override === '(null)' || override === '' ? null : override }),
      ...(reset === undefined ? {} : { resetMethods: resetMethods(look, reset) }),
    };
  });
}

interface FunctionFiles {
  readonly fn: PciFunction;
  readonly files: ReadonlySet<string>;
}

function functionOf(look: Look, address: string, needs: PciNeeds): FunctionFiles | null {
  const path = `${DEVICES}/${address}`;
  const names = look.list('functions', path, address);
  if (!names) return null;
  const files = new Set(names);
  const text = (name: string, key: string): string | null | undefined =>
    files.has(name) ? look.text(`functions.${key}`, `${path}/${name}`, address) : null;
  const link = (name: string, key: string): string | null =>
    files.has(name) ? (look.linkName(`functions.${key}`, `${path}/${name}`, address) ?? null) : null;
  const ids = idsOf(text('modalias', 'vendor') ?? '');
  if (!ids) {
    look.gap('functions', `${path}/modalias`, 'the function went away while it was read', address);
    return null;
  }

  const target = look.known('functions.path', path, look.host.link(path), address) ?? '';
  const group = link('iommu_group', 'group');
  const node = Number(text('numa_node', 'numaNode') ?? -1);
  const bootVga = text('boot_vga', 'bootVga');
  const irq = Number(text('irq', 'irq') ?? 0);
  const virtualMax = text('sriov_totalvfs', 'virtualFunctionsPossible');
  const status = runtimeStatus(look, path, address);
  const fn: PciFunction = {
    address,
    ...ids,
    revision: text('revision', 'revision')?.replace(/^0x/, '') ?? '00',
    // To another PCI bus or CardBus: those have a header of their own kind. To vfio a host or ISA bridge is an endpoint.
    bridge: /^06(04|07|09)/.test(ids.class),
    driver: link('driver', 'driver'),
    group: group === null ? null : Number(group),
    path: pciPathAddresses(target).slice(0, -1),
    numaNode: node < 0 ? null : node,
    physicalFunction: link('physfn', 'physicalFunction'),
    virtualFunctions: names
      .filter((name) => /^virtfn\d+$/.test(name))
      .map((name) => link(name, 'virtualFunctions'))
      .filter((name) => name !== null)
      .sort(addressCompare),
    virtualFunctionsPossible: virtualMax == null ? null : Number(virtualMax),
    powerState: text('power_state', 'powerState') ?? null,
    runtimeStatus: status,
    bootVga: bootVga == null ? null : bootVga === '1',
    irq: irq === 0 ? null : irq,
    msiIrqs: files.has('msi_irqs')
      ? (look.list('functions.msiIrqs', `${path}/msi_irqs`, address) ?? []).map(Number).sort((a, b) => a - b)
      : [],
    bars: barsOf(text('resource', 'bars') ?? ''),
  };
  const capabilities = needs.config ? readCapabilities(look, path, fn) : undefined;
  return { fn: capabilities ? { ...fn, capabilities } : fn, files };
}

/**
 * `modalias` holds all ids in one file, and unlike `uevent` it is read without the device's lock:
 * `pci:v00008086d00001C20sv000017AAsd000021D2bc04sc03i00`. A bridge without a subsystem has zeros there.
 */
function idsOf(
  modalias: string,
): Pick<PciFunction, 'vendor' | 'device' | 'subsystemVendor' | 'subsystemDevice' | 'class'> | null {
  const match = /^pci:v0000(\w{4})d0000(\w{4})sv0000(\w{4})sd0000(\w{4})bc(\w\w)sc(\w\w)i(\w\w)$/.exec(
    modalias,
  );
  if (!match) return null;
  const [, vendor = '', device = '', subVendor = '', subDevice = '', ...code] = match.map((id) =>
    id.toLowerCase(),
  );
  const board = subVendor !== '0000';
  return {
    vendor,
    device,
    subsystemVendor: board ? subVendor : null,
    subsystemDevice: board ? subDevice : null,
    class: code.join(''),
  };
}

function runtimeStatus(look: Look, path: string, address: string): string | null {
  return look.text('functions.runtimeStatus', `${path}/power/runtime_status`, address) ?? null;
}

/**
 * Reading configuration space wakes a function that sleeps (pci_config_pm_runtime_get), so a sleeping one is left
 * alone. `unsupported` is a function without runtime power management: it never sleeps.
 */
function readCapabilities(look: Look, path: string, fn: PciFunction): Capabilities | undefined {
  const fact = 'functions.capabilities';
  const file = `${path}/config`;
  if (fn.runtimeStatus !== 'active' && fn.runtimeStatus !== 'unsupported' && fn.runtimeStatus !== null) {
    look.gap(fact, file, `the function is ${fn.runtimeStatus}, and reading would wake it`, fn.address);
    return undefined;
  }
  const config = look.known(fact, file, look.host.readBytes(file, 4096), fn.address);
  if (config === undefined) return undefined;
  const capabilities = config && capabilitiesOf(config);
  if (!capabilities) {
    look.gap(fact, file, 'only its first 64 bytes can be read without root', fn.address);
    return undefined;
  }
  if (capabilities.acs === undefined) {
    look.gap(`${fact}.acs`, file, 'the extended configuration space cannot be reached', fn.address);
  }
  return capabilities;
}

/** One attribute of all functions that have it, read under a deadline: the kernel takes the device's lock for it. */
async function guarded(
  look: Look,
  functions: readonly FunctionFiles[],
  name: 'driver_override' | 'reset_method',
): Promise<Map<string, string | null>> {
  const fact = name === 'driver_override' ? 'functions.driverOverride' : 'functions.resetMethods';
  const path = (address: string) => `${DEVICES}/${address}/${name}`;
  const having = functions.filter(({ files }) => files.has(name)).map(({ fn }) => fn.address);
  const readings = having.length > 0 ? await look.host.readGuarded(having.map(path)) : new Map();
  const values = new Map<string, string | null>();
  for (const { fn, files } of functions) {
    const reading = files.has(name) ? readings.get(path(fn.address)) : { state: 'absent' };
    const value = look.known<string>(fact, path(fn.address), reading, fn.address);
    if (value !== undefined) values.set(fn.address, value === null ? null : value.trim());
  }
  return values;
}

/** The file is there since Linux 5.15, and only where the kernel knows a method. */
function resetMethods(look: Look, text: string | null): string[] | null {
  if (text !== null) return text.split(/\s+/).filter((method) => method !== '');
  return look.once('reset_method', () => {
    const release = look.host.read('/proc/sys/kernel/osrelease');
    const [, major, minor] = /^(\d+)\.(\d+)/.exec(release.state === 'read' ? release.value : '') ?? [];
    return Number(major) * 1000 + Number(minor) >= 5015;
  })
    ? []
    : null;
}

function barsOf(resource: string): Bar[] {
  return resource
    .split('\n')
    .slice(0, BARS)
    .flatMap((line, index) => {
      const [start, end, flags] = line.split(' ').map(BigInt);
      if (start === undefined || end === undefined || flags === undefined || flags === 0n) return [];
      const bits = Number(flags & 0xffff_ffffn);
      if ((bits & (IO | MEMORY)) === 0) return [];
      return [
        {
          index,
          start: `0x${start.toString(16)}`,
          bytes: Number(end - start + 1n),
          kind: (bits & IO) !== 0 ? ('io' as const) : ('memory' as const),
          prefetchable: (bits & PREFETCH) !== 0,
          wide: (bits & WIDE) !== 0,
        },
      ];
    });
}
