import type { Reading } from '../host/host.ts';
import { addressCompare, addressParse } from '../model/address.ts';
import { type Look, wholeNumber } from './look.ts';
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
  /** What no rule asks for: revision, power state, BARs, interrupts. */
  readonly details: boolean;
}

/**
 * Every PCI function, in one pass over sysfs. Of a function's files only those named here are opened: `resourceN` and
 * `rom` reach the device itself, and reading a register may change it.
 */
export async function pciFunctions(look: Look, needs: PciNeeds): Promise<PciFunction[] | undefined> {
  const names = look.list('functions', DEVICES);
  if (names === undefined) return undefined;
  const addresses = (names ?? []).filter((name) => addressParse(name) !== null).sort(addressCompare);
  // Its children read while we do.
  const locked = lockedFiles(look, addresses, needs);
  const functions = addresses.map((address) => functionOf(look, address, needs)).filter((fn) => fn !== null);
  const { overrides, resets } = await locked;
  return functions.map((fn) => {
    const override = overrides(fn.address);
    const reset = resets(fn.address);
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

function functionOf(look: Look, address: string, needs: PciNeeds): PciFunction | null {
  const path = `${DEVICES}/${address}`;
  const ids = idsOf(look.text('functions.vendor', `${path}/modalias`, address) ?? '');
  if (!ids) {
    look.gap('functions', `${path}/modalias`, 'the function went away while it was read', address);
    return null;
  }
  const link = (name: string, key: string): string | null =>
    look.linkName(`functions.${key}`, `${path}/${name}`, address) ?? null;
  const target = look.known('functions.path', path, look.host.link(path), address) ?? '';
  const group = link('iommu_group', 'group');
  const bootVga = ids.class.startsWith('03')
    ? look.text('functions.bootVga', `${path}/boot_vga`, address)
    : null;
  const fn: PciFunction = {
    address,
    ...ids,
    // To another PCI bus or CardBus: those have a header of their own kind. To vfio a host or ISA bridge is an endpoint.
    bridge: /^06(04|07|09)/.test(ids.class),
    driver: link('driver', 'driver'),
    group: wholeNumber(group),
    path: pciPathAddresses(target).slice(0, -1),
    physicalFunction: link('physfn', 'physicalFunction'),
    ...virtualFunctions(look, path, address),
    runtimeStatus: look.text('functions.runtimeStatus', `${path}/power/runtime_status`, address) ?? null,
    bootVga: bootVga == null ? null : bootVga === '1',
    ...(needs.details ? details(look, path, address) : {}),
  };
  const capabilities = needs.config ? readCapabilities(look, path, fn) : undefined;
  return capabilities ? { ...fn, capabilities } : fn;
}

/** Only a physical function has the file, and links to its virtual ones. */
function virtualFunctions(
  look: Look,
  path: string,
  address: string,
): Pick<PciFunction, 'virtualFunctions' | 'virtualFunctionsPossible'> {
  const file = `${path}/sriov_totalvfs`;
  if (!look.host.exists(file)) return { virtualFunctions: [], virtualFunctionsPossible: null };
  const possible = look.text('functions.virtualFunctionsPossible', file, address);
  const links = (look.list('functions.virtualFunctions', path, address) ?? [])
    .filter((name) => /^virtfn\d+$/.test(name))
    .map((name) => look.linkName('functions.virtualFunctions', `${path}/${name}`, address) ?? null);
  return {
    virtualFunctions: links.filter((name) => name !== null).sort(addressCompare),
    virtualFunctionsPossible: wholeNumber(possible),
  };
}

function details(
  look: Look,
  path: string,
  address: string,
): Pick<PciFunction, 'revision' | 'numaNode' | 'powerState' | 'irq' | 'msiIrqs' | 'bars'> {
  const text = (name: string, key: string) => look.text(`functions.${key}`, `${path}/${name}`, address);
  const node = wholeNumber(text('numa_node', 'numaNode')) ?? -1;
  const irq = wholeNumber(text('irq', 'irq')) ?? 0;
  return {
    revision: text('revision', 'revision')?.replace(/^0x/, '') ?? '00',
    numaNode: node < 0 ? null : node,
    powerState: text('power_state', 'powerState') ?? null,
    irq: irq === 0 ? null : irq,
    msiIrqs: (look.list('functions.msiIrqs', `${path}/msi_irqs`, address) ?? [])
      .flatMap((name) => wholeNumber(name) ?? [])
      .sort((a, b) => a - b),
    bars: barsOf(text('resource', 'bars') ?? ''),
  };
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

/** The text of one attribute by address: null where it is absent, undefined where it was not read. */
type Locked = (address: string) => string | null | undefined;

/** What the kernel reads under the device's lock, so that a read may never return: under one deadline, for all functions. */
async function lockedFiles(
  look: Look,
  addresses: readonly string[],
  needs: PciNeeds,
): Promise<{ readonly overrides: Locked; readonly resets: Locked }> {
  const path = (address: string, name: string) => `${DEVICES}/${address}/${name}`;
  const names = [...(needs.override ? ['driver_override'] : []), ...(needs.config ? ['reset_method'] : [])];
  const paths = addresses.flatMap((address) => names.map((name) => path(address, name)));
  const readings = paths.length > 0 ? await look.host.readGuarded(paths) : new Map<string, Reading<string>>();
  const locked =
    (fact: string, name: string): Locked =>
    (address) => {
      const reading = readings.get(path(address, name));
      if (!reading) return undefined;
      const text = look.known(fact, path(address, name), reading, address);
      return typeof text === 'string' ? text.trim() : text;
    };
  return {
    overrides: locked('functions.driverOverride', 'driver_override'),
    resets: locked('functions.resetMethods', 'reset_method'),
  };
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
      if (!/^0x[0-9a-f]{1,16}( 0x[0-9a-f]{1,16}){2}$/.test(line)) return [];
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
