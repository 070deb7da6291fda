import { addressNodeDevice, addressOfNodeDevice, addressParse } from '../../model/address.ts';
import { type Answer, answer, failed } from './answer.ts';
import { type BoardFunction, boardFunctionAt, boardFunctionPath } from './board.ts';
import { driverProbe, driverUnbind, ERRNO_TEXT, moduleLoad } from './kernel.ts';
import type { SimulatedState } from './state.ts';

/** Binding takes a reset and two waits of libvirt's. */
const BIND_MS = 400;

/** libvirt assigns nothing on a host without groups or without /dev/vfio/vfio. */
export function assignmentSupported(state: SimulatedState): boolean {
  return state.kernel.iommu;
}

/** To vfio-pci, in libvirt's three writes: the override, `unbind`, `drivers_probe`. The outcome is not looked at. */
export function functionDetach(state: SimulatedState, address: string): void {
  moduleLoad(state, 'vfio_pci');
  state.kernel.overrides[address] = 'vfio-pci';
  if (state.kernel.drivers[address] !== 'vfio-pci') driverUnbind(state, address);
  driverProbe(state, address);
}

/** Back: the override cleared, `unbind`, `drivers_probe`. Answers libvirt's words when the probe is refused. */
export function functionReattach(state: SimulatedState, address: string): string | null {
  delete state.kernel.overrides[address];
  if (state.kernel.drivers[address] === 'vfio-pci') driverUnbind(state, address);
  const error = driverProbe(state, address);
  return error === null
    ? null
    : `Failed to trigger a probe for PCI device '${address}': ${ERRNO_TEXT[error]}`;
}

/** The running guest that libvirt has given the function to. */
export function functionGuest(state: SimulatedState, address: string): string | null {
  return state.guests.find((g) => g.live && address in g.live.lentAt)?.name ?? null;
}

export function inUse(address: string, guest: string): string {
  return `Requested operation is not valid: PCI device ${address} is in use by driver QEMU, domain ${guest}`;
}

function found(state: SimulatedState, name: string): BoardFunction | null {
  const address = addressOfNodeDevice(name);
  return address === null ? null : (boardFunctionAt(state.board, address) ?? null);
}

function missing(name: string): Answer {
  return failed(
    `Could not find matching device '${name}'`,
    `Node device not found: no node device with matching name '${name}'`,
  );
}

export function nodeDeviceDetach(state: SimulatedState, name: string): Answer {
  const fn = found(state, name);
  if (!fn) return missing(name);
  const fail = `Failed to detach device ${name}`;
  if (!assignmentSupported(state)) {
    return failed(
      fail,
      'argument unsupported: VFIO device assignment is currently not supported on this system',
    );
  }
  const guest = functionGuest(state, fn.address);
  if (guest !== null) return failed(fail, inUse(fn.address, guest));
  functionDetach(state, fn.address);
  return answer('', 0, '', BIND_MS, `Device ${name} detached\n`);
}

export function nodeDeviceReattach(state: SimulatedState, name: string): Answer {
  const fn = found(state, name);
  if (!fn) return missing(name);
  const guest = functionGuest(state, fn.address);
  const error = guest === null ? functionReattach(state, fn.address) : inUse(fn.address, guest);
  if (error !== null) return failed(`Failed to re-attach device ${name}`, error);
  return answer('', 0, '', BIND_MS, `Device ${name} re-attached\n`);
}

export function nodeDeviceList(state: SimulatedState, tree: boolean): Answer {
  const { functions } = state.board;
  if (!tree) return answer(functions.map((f) => `${addressNodeDevice(f.address)}\n`).join(''));
  const lines = (behind: string | null, indent: string): string[] =>
    functions
      .filter((f) => f.behind === behind)
      .flatMap((f) => {
        const below = lines(f.address, `${indent}|   `);
        return [
          `${indent}+- ${addressNodeDevice(f.address)}`,
          ...(below.length > 0 ? [`${indent}|   |`, ...below, `${indent}|     `] : []),
        ];
      });
  return answer(`computer\n  |\n${lines(null, '  ').join('\n')}\n\n`);
}

export function nodeDeviceXml(state: SimulatedState, name: string): Answer {
  const fn = found(state, name);
  if (!fn) return missing(name);
  const { board, kernel } = state;
  const { domain, bus, slot, function: number } = addressParse(fn.address)!;
  const driver = kernel.drivers[fn.address];
  const mates = board.functions.filter((f) => f.group === fn.group);
  const group = mates.map((f) => {
    const at = addressParse(f.address)!;
    const two = (n: number): string => `0x${n.toString(16).padStart(2, '0')}`;
    return `      <address domain='0x0000' bus='${two(at.bus)}' slot='${two(at.slot)}' function='0x${at.function}'/>`;
  });
  const lines = [
    '<device>',
    `  <name>${name}</name>`,
    `  <path>${boardFunctionPath(board, fn.address)}</path>`,
    `  <parent>${fn.behind === null ? 'computer' : addressNodeDevice(fn.behind)}</parent>`,
    ...(driver === undefined ? [] : ['  <driver>', `    <name>${driver}</name>`, '  </driver>']),
    "  <capability type='pci'>",
    `    <class>0x${fn.class}</class>`,
    `    <domain>${domain}</domain>`,
    `    <bus>${bus}</bus>`,
    `    <slot>${slot}</slot>`,
    `    <function>${number}</function>`,
    `    <product id='0x${fn.device}'>${fn.name}</product>`,
    `    <vendor id='0x${fn.vendor}'>${board.vendors[fn.vendor] ?? ''}</vendor>`,
    ...(fn.secondaryBus === null ? [] : ["    <capability type='pci-bridge'/>"]),
    ...(kernel.iommu && fn.group !== null
      ? [`    <iommuGroup number='${fn.group}'>`, ...group, '    </iommuGroup>']
      : []),
    '  </capability>',
    '</device>',
  ];
  return answer(`${lines.join('\n')}\n\n`);
}
