import { addressParse } from '../../model/address.ts';
import { type Answer, answer, failed } from './answer.ts';
import { type BoardFunction, boardFunctionAt } from './board.ts';
import {
  deviceAddress,
  domainHostdevs,
  type Node,
  node,
  nodeChild,
  nodeRead,
  nodeText,
} from './domain-node.ts';
import { guestBooted } from './guest-life.ts';
import {
  assignmentSupported,
  functionDetach,
  functionGuest,
  functionReattach,
  inUse,
} from './node-device.ts';
import { type GuestState, kernelLog, logTime, type SimulatedState } from './state.ts';

/** QEMU's start, and a guest's way from the power button to off. */
const START_MS = 3_000;
const SHUTDOWN_MS = 2_000;

export function domainStart(state: SimulatedState, guest: GuestState): Answer {
  if (guest.live) return failed('Domain is already active');
  const domain = nodeRead(guest.inactive!);
  const wanted = domainHostdevs(domain).map(({ source, device }) => ({
    source,
    device,
    managed: device.attributes.get('managed') === 'yes',
  }));
  const fail = (why: string): Answer => failed(`Failed to start domain '${guest.name}'`, why);
  const refusal = functionsRefused(state, wanted);
  if (refusal !== null) return fail(refusal);

  const giveBack = wanted
    .filter((w) => w.managed && state.kernel.drivers[w.source] !== 'vfio-pci')
    .map((w) => w.source);
  for (const { source, managed } of wanted) if (managed) functionDetach(state, source);
  liveDetails(domain, state.nextGuestId);
  const fault = qemuFault(state, wanted);
  if (fault !== null) {
    for (const source of giveBack) functionReattach(state, source);
    return fail(fault);
  }
  const runsFrom = state.clock + START_MS;
  guest.live = {
    id: state.nextGuestId++,
    pid: state.nextPid++,
    xml: nodeText(domain),
    startedAt: runsFrom,
    offAt: null,
    giveBack,
    lentAt: Object.fromEntries(wanted.map((w) => [w.source, runsFrom])),
    mixer: {},
    processes: [],
  };
  return answer('', 0, '', START_MS, `Domain '${guest.name}' started\n`);
}

interface Wanted {
  readonly source: string;
  readonly device: Node;
  readonly managed: boolean;
}

/** What libvirt says before it touches anything, in its order (virHostdevPreparePCIDevices). */
export function functionsRefused(state: SimulatedState, wanted: readonly Wanted[]): string | null {
  if (wanted.length === 0) return null;
  if (!assignmentSupported(state)) {
    return "unsupported configuration: host doesn't support passthrough of host PCI devices";
  }
  const functions: BoardFunction[] = [];
  for (const { source } of wanted) {
    const fn = boardFunctionAt(state.board, source);
    if (!fn) {
      const path = `/sys/bus/pci/devices/${source}/config`;
      return `Device ${source} not found: could not access ${path}: No such file or directory`;
    }
    if (fn.secondaryBus !== null) {
      return 'unsupported configuration: Non-endpoint PCI devices cannot be assigned to guests';
    }
    functions.push(fn);
  }
  // Its own users first, then those of the group: libvirt knows of other guests, never of the host's own use.
  for (const fn of functions) {
    for (const mate of [fn, ...state.board.functions.filter((f) => f.group === fn.group)]) {
      const guest = functionGuest(state, mate.address);
      if (guest !== null) return inUse(mate.address, guest);
    }
  }
  for (const { source, managed } of wanted) {
    if (!managed && state.kernel.drivers[source] !== 'vfio-pci') {
      return `Requested operation is not valid: Unmanaged PCI device ${source} must be manually detached from the host`;
    }
  }
  return null;
}

/** What QEMU says when it opens the group, wrapped in libvirt's words; null when all is well. */
function qemuFault(state: SimulatedState, wanted: readonly Wanted[]): string | null {
  for (const { source, device, managed } of wanted) {
    const why = vfioFault(state, source);
    if (why === null) continue;
    // libvirt meets the end of QEMU at two places; which of them depends on how long the start took before.
    const [lead, tail] = why.startsWith('group')
      ? [managed, '\nPlease ensure all devices within the iommu_group are bound to their vfio bus driver.']
      : [false, ''];
    const met = lead ? 'process exited while connecting to monitor' : 'qemu unexpectedly closed the monitor';
    return `internal error: ${met}: ${logTime(state)} qemu-system-x86_64: -device ${qemuDevice(device, source)}: vfio ${source}: ${why}${tail}\n`;
  }
  return null;
}

/** Why vfio does not hand the function out, in QEMU's words. */
export function vfioFault(state: SimulatedState, source: string): string | null {
  const fn = boardFunctionAt(state.board, source)!;
  const { kernel, board } = state;
  // No driver at all is as good as vfio-pci, and bridges do not count.
  const viable = board.functions
    .filter((f) => f.group === fn.group && f.secondaryBus === null)
    .every((f) => (kernel.drivers[f.address] ?? 'vfio-pci') === 'vfio-pci');
  if (!viable) return `group ${fn.group} is not viable`;
  if (!kernel.remapping && !unsafeInterruptsAllowed(state)) {
    kernelLog(
      state,
      'vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param "allow_unsafe_interrupts" to enable VFIO IOMMU support on this platform',
    );
    return `failed to setup container for group ${fn.group}: Failed to set iommu for container: Operation not permitted`;
  }
  return null;
}

function unsafeInterruptsAllowed(state: SimulatedState): boolean {
  return / vfio_iommu_type1\.allow_unsafe_interrupts=[1Yy] /.test(` ${state.boot.commandLine} `);
}

function qemuDevice(device: Node, source: string): string {
  const { bus, slot } = addressParse(deviceAddress(device) ?? '0000:00:00.0')!;
  const id = nodeChild(device, 'alias')?.attributes.get('name') ?? 'hostdev0';
  return JSON.stringify({
    driver: 'vfio-pci',
    host: source,
    id,
    bus: `pci.${bus}`,
    addr: `0x${slot.toString(16)}`,
  });
}

/** What a running instance's XML has and its definition lacks. */
function liveDetails(domain: Node, id: number): void {
  domain.attributes.set('id', String(id));
  domainHostdevs(domain).forEach(({ device }, i) => {
    hostdevLive(device, i);
  });
}

export function hostdevLive(device: Node, index: number): void {
  if (!nodeChild(device, 'driver')) device.children.unshift(node('driver', { name: 'vfio' }));
  if (nodeChild(device, 'alias')) return;
  const address = device.children.findIndex((c) => c.name === 'address');
  device.children.splice(
    address < 0 ? device.children.length : address,
    0,
    node('alias', { name: `hostdev${index}` }),
  );
}

export function domainShutdown(state: SimulatedState, guest: GuestState): Answer {
  if (!guest.live) return notRunning(`Failed to shutdown domain '${guest.name}'`);
  // A guest that has not booted yet hears no power button, and libvirt says what it always says.
  if (guestBooted(state, guest)) guest.live.offAt ??= state.clock + SHUTDOWN_MS;
  return answer('', 0, '', undefined, `Domain '${guest.name}' is being shutdown\n`);
}

export function domainDestroy(state: SimulatedState, guest: GuestState): Answer {
  if (!guest.live) return notRunning(`Failed to destroy domain '${guest.name}'`);
  domainStopped(state, guest);
  return answer('', 0, '', 500, `Domain '${guest.name}' destroyed\n`);
}

/** QEMU has ended: libvirt gives back what it took, and a transient guest is no more. */
function domainStopped(state: SimulatedState, guest: GuestState): void {
  const giveBack = guest.live?.giveBack ?? [];
  guest.live = null;
  for (const address of giveBack) functionReattach(state, address);
  if (guest.inactive === null) state.guests = state.guests.filter((g) => g !== guest);
}

/** Guests whose time has come go off. */
export function domainsSettle(state: SimulatedState): void {
  for (const guest of [...state.guests]) {
    if (guest.live?.offAt != null && guest.live.offAt <= state.clock) domainStopped(state, guest);
  }
}

export function domainStateText(state: SimulatedState, guest: GuestState): string {
  if (!guest.live) return 'shut off';
  return guest.live.offAt !== null && guest.live.offAt - state.clock < 500 ? 'in shutdown' : 'running';
}

export function notRunning(what: string): Answer {
  return failed(what, 'Requested operation is not valid: domain is not running');
}
