import { Failure } from '../../failure.ts';
import { type Answer, answer, failed } from './answer.ts';
import { functionsRefused, hostdevLive, notRunning, vfioFault } from './domain-life.ts';
import {
  addressNode,
  domainDevices,
  domainHostdevs,
  hostdevSource,
  type Node,
  node,
  nodeChild,
  nodeRead,
  nodeRemove,
  nodeText,
} from './domain-node.ts';
import { guestAddressesAssign, guestAddressLive } from './guest-address.ts';
import { functionDetach, functionReattach } from './node-device.ts';
import type { GuestState, SimulatedState } from './state.ts';

/** What libvirt prints after the hostdevs (virDomainDefFormatInternal). */
const BEHIND_HOSTDEVS = [
  'redirdev',
  'hub',
  'watchdog',
  'memballoon',
  'rng',
  'nvram',
  'panic',
  'shmem',
  'memory',
  'iommu',
  'vsock',
];

const KIB: Readonly<Record<string, number>> = { KiB: 1, MiB: 1024, GiB: 1024 * 1024 };

export function domainDefine(state: SimulatedState, xml: string, from: string): Answer {
  const fail = (why: string): Answer => failed(`Failed to define domain from ${from}`, why);
  let domain: Node;
  try {
    domain = nodeRead(xml);
  } catch (error) {
    if (error instanceof Failure) return fail(`(domain_definition):1: ${error.message}`);
    throw error;
  }
  const name = nodeChild(domain, 'name')?.text ?? '';
  let uuid = nodeChild(domain, 'uuid')?.text;
  const known = state.guests.find((g) => g.name === name);
  if (known && uuid !== undefined && known.uuid !== uuid) {
    return fail(`operation failed: domain '${name}' already exists with uuid ${known.uuid}`);
  }
  if (uuid === undefined) {
    uuid = known?.uuid ?? `5e1f0000-0000-4000-8000-${String(state.nextPid++).padStart(12, '0')}`;
    domain.children.splice(1, 0, { ...node('uuid'), text: uuid });
  }
  definitionComplete(domain);
  const refusal = guestAddressesAssign(domain, state.board);
  if (refusal !== null) return fail(refusal);
  const guest = state.guests.find((g) => g.uuid === uuid);
  if (guest) {
    guest.name = name;
    guest.inactive = nodeText(domain);
  } else {
    state.guests.push({
      uuid,
      name,
      inactive: nodeText(domain),
      live: null,
      autostart: false,
      managedSave: false,
      snapshots: [],
    });
  }
  return answer('', 0, '', 500, `Domain '${name}' defined from ${from}\n`);
}

/** Memory in KiB, hostdevs in libvirt's order and spelling. */
function definitionComplete(domain: Node): void {
  for (const memory of domain.children.filter((c) => c.name === 'memory' || c.name === 'currentMemory')) {
    memory.text = String(Number(memory.text) * (KIB[memory.attributes.get('unit') ?? 'KiB'] ?? 1));
    memory.attributes.set('unit', 'KiB');
  }
  for (const { source, device } of domainHostdevs(domain)) hostdevComplete(device, source);
}

function hostdevComplete(device: Node, source: string): void {
  const from = nodeChild(device, 'source')!;
  from.children.splice(0, from.children.length, addressNode(source, null));
  const alias = nodeChild(device, 'alias');
  const address = nodeChild(device, 'address');
  nodeRemove(device, alias);
  nodeRemove(device, address);
  // Only a user's own alias outlives the instance that it was given to.
  if (alias?.attributes.get('name')?.startsWith('ua-')) device.children.push(alias);
  if (address) device.children.push(address);
}

export function domainUndefine(state: SimulatedState, guest: GuestState): Answer {
  if (guest.managedSave) return failed('Refusing to undefine while domain managed save image exists');
  guest.inactive = null;
  if (!guest.live) state.guests = state.guests.filter((g) => g !== guest);
  return answer('', 0, '', undefined, `Domain '${guest.name}' has been undefined\n`);
}

type Scope = 'config' | 'live';

const TRANSIENT = 'Requested operation is not valid: transient domains do not have any persistent config';

export function domainAttach(
  state: SimulatedState,
  guest: GuestState,
  xml: string,
  from: string,
  scope: Scope,
): Answer {
  const what = `Failed to attach device from ${from}`;
  const device = nodeRead(xml);
  const source = hostdevSource(device);
  if (source === null) throw new Failure('not-simulated', `not simulated: attaching a <${device.name}>`);
  const why =
    scope === 'config'
      ? attachConfig(state, guest, device, source)
      : attachLive(state, guest, device, source);
  return why === null ? answer('', 0, '', 300, 'Device attached successfully\n') : failed(what, why);
}

function attachConfig(state: SimulatedState, guest: GuestState, device: Node, source: string): string | null {
  if (guest.inactive === null) return TRANSIENT;
  const domain = nodeRead(guest.inactive);
  if (domainHostdevs(domain).some((h) => h.source === source)) {
    return 'Requested operation is not valid: device is already in the domain configuration';
  }
  hostdevComplete(device, source);
  hostdevInsert(domain, device);
  const refusal = guestAddressesAssign(domain, state.board);
  if (refusal !== null) return refusal;
  guest.inactive = nodeText(domain);
  return null;
}

function attachLive(state: SimulatedState, guest: GuestState, device: Node, source: string): string | null {
  if (!guest.live) return 'Requested operation is not valid: domain is not running';
  const domain = nodeRead(guest.live.xml);
  if (source in guest.live.lentAt) {
    const [bus, slot] = [source.slice(5, 7), source.slice(8, 10)];
    return `operation failed: target pci device 0000:${bus}:${slot}.${source.at(-1)} already exists`;
  }
  const managed = device.attributes.get('managed') === 'yes';
  const refusal = functionsRefused(state, [{ source, device, managed }]);
  if (refusal !== null) return refusal;
  if (!nodeChild(device, 'address')) {
    const address = guestAddressLive(domain, state.board, source);
    if (address === null) return 'internal error: No more available PCI slots';
    device.children.push(addressNode(address, 'pci'));
  }
  const takes = managed && state.kernel.drivers[source] !== 'vfio-pci';
  if (managed) functionDetach(state, source);
  hostdevLive(device, domainHostdevs(domain).length);
  const fault = vfioFault(state, source);
  if (fault !== null) {
    if (takes) functionReattach(state, source);
    return `internal error: unable to execute QEMU command 'device_add': vfio ${source}: ${fault}`;
  }
  hostdevInsert(domain, device);
  guest.live.xml = nodeText(domain);
  guest.live.lentAt[source] = state.clock;
  if (takes) guest.live.giveBack.push(source);
  return null;
}

function hostdevInsert(domain: Node, device: Node): void {
  const { children } = domainDevices(domain);
  const last = children.findLastIndex((c) => c.name === 'hostdev');
  const behind = children.findIndex((c) => BEHIND_HOSTDEVS.includes(c.name));
  children.splice(last >= 0 ? last + 1 : behind >= 0 ? behind : children.length, 0, device);
}

export function domainDetach(
  state: SimulatedState,
  guest: GuestState,
  xml: string,
  from: string,
  scope: Scope,
): Answer {
  const what = `Failed to detach device from ${from}`;
  const source = hostdevSource(nodeRead(xml));
  if (source === null) throw new Failure('not-simulated', 'not simulated: detaching what is no PCI hostdev');
  const { live } = guest;
  if (scope === 'live' && !live) return notRunning(what);
  if (scope === 'config' && guest.inactive === null) return failed(what, TRANSIENT);
  const domain = nodeRead(scope === 'live' ? live!.xml : guest.inactive!);
  const have = domainHostdevs(domain).find((h) => h.source === source);
  if (!have) {
    return failed(
      what,
      scope === 'live'
        ? `device not found: host pci device ${source} not found`
        : 'device not found: device not present in domain configuration',
    );
  }
  nodeRemove(domainDevices(domain), have.device);
  if (scope === 'config') guest.inactive = nodeText(domain);
  else {
    live!.xml = nodeText(domain);
    delete live!.lentAt[source];
    if (live!.giveBack.includes(source)) functionReattach(state, source);
    live!.giveBack = live!.giveBack.filter((a) => a !== source);
  }
  return answer('', 0, '', 300, 'Device detached successfully\n');
}
