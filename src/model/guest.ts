import { attribute, childNamed, elementsAt, elementsBelow, type XmlElement } from '../edit/xml/document.ts';
import { devicesOf, pciControllers } from '../edit/xml/domain.ts';
import { hostdevElements } from '../edit/xml/hostdev.ts';
import { xmlParse } from '../edit/xml/parse.ts';
import { pciAddressRead } from '../edit/xml/pci-address.ts';
import type { Guest } from '../facts/snapshot.ts';
import { Failure } from '../failure.ts';

export { guestAddressFree } from './guest-address.ts';

/** A device of a guest that takes a PCI function from the host. */
export interface Hostdev {
  /** `<hostdev type='pci'>`, `<interface type='hostdev'>` or `<disk type='nvme'>`. */
  readonly element: 'hostdev' | 'interface' | 'disk';
  /** Address on the host. */
  readonly source: string;
  readonly managed: boolean;
  /** Address in the guest as libvirt numbers it, `dddd:bb:ss.f`; null until libvirt has chosen one. */
  readonly guestAddress: string | null;
  readonly alias: string | null;
  /** The alias begins with `ua-vfioctl-`. */
  readonly ours: boolean;
}

/** A `<controller type='pci'>`: `index` is the number of the bus that it makes. */
interface PciController {
  readonly index: number;
  readonly model: string | null;
}

/** A guest as its XML says it. */
export interface GuestModel {
  readonly uuid: string;
  readonly name: string;
  readonly state: string;
  /** Running, paused, or on its way in or out: its hardware is held. */
  readonly active: boolean;
  readonly machine: string | null;
  /** `kvm`, `qemu`, … */
  readonly virtType: string | null;
  readonly memoryKiB: number;
  /** It has the guest agent's channel in its definition. */
  readonly agent: boolean;
  readonly hostdevs: readonly Hostdev[];
  readonly liveHostdevs: readonly Hostdev[];
  /** Paths of its disks and of their pools on the host, of the definition and of the running instance. */
  readonly disks: readonly string[];
  readonly controllers: readonly PciController[];
  readonly liveControllers: readonly PciController[];
  /** PCI addresses taken in the guest's definition, `dddd:bb:ss.f`, by what: `disk vda`, `controller pci 1`. */
  readonly taken: ReadonlyMap<string, string>;
  /** The same of the running instance; empty while it is off. */
  readonly liveTaken: ReadonlyMap<string, string>;
  readonly fact: Guest;
}

/** Throws Failure `xml-invalid` that names the guest when its definition cannot be read. */
export function guestOf(guest: Guest): GuestModel {
  const root = definitionRead(guest, guest.inactiveXml);
  const live = guest.liveXml === null ? null : definitionRead(guest, guest.liveXml);
  const [type] = elementsAt(root, 'domain/os/type');
  return {
    uuid: guest.uuid,
    name: guest.name,
    state: guest.state,
    active: guest.state !== 'shut off',
    machine: attribute(type ?? null, 'machine'),
    virtType: attribute(root, 'type'),
    memoryKiB: memoryRead(guest, root),
    agent: devicesOf(root).some(agentChannel),
    hostdevs: hostdevsOf(guest.inactiveXml, root),
    liveHostdevs: live === null ? [] : hostdevsOf(guest.liveXml!, live),
    disks: [...new Set([...[root, live].flatMap(disksOf), ...(guest.pools ?? [])])],
    controllers: controllersOf(root),
    liveControllers: live === null ? [] : controllersOf(live),
    taken: takenIn(guest.inactiveXml, root),
    liveTaken: live === null ? new Map() : takenIn(guest.liveXml!, live),
    fact: guest,
  };
}

/**
 * Memory in KiB that is pinned from the guest's start to its stop: vfio pins all of it, for a lent function may reach
 * any of it. Without a lent function it is what will be pinned with one.
 */
export function pinnedKiB(guest: GuestModel): number {
  return guest.memoryKiB;
}

function definitionRead(guest: Guest, xml: string): XmlElement {
  try {
    const { root } = xmlParse(xml);
    if (root.name === 'domain') return root;
    throw new Failure('xml-invalid', `the root element is <${root.name}>, not <domain>`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      error.code,
      `the definition of guest ${guest.name}: ${error.message}`,
      error.hint,
      error,
    );
  }
}

function hostdevsOf(xml: string, root: XmlElement): Hostdev[] {
  return hostdevElements(xml, root).map(({ element, source, managed, guestAddress, alias, ours }) => {
    return { element, source, managed, guestAddress, alias, ours };
  });
}

/** `<source dev=…>` and `<source file=…>`, those of the images below a disk's own included. */
function disksOf(root: XmlElement | null): string[] {
  if (root === null) return [];
  const disks = devicesOf(root).filter((device) => device.name === 'disk');
  const sources = disks.flatMap((disk) => [...elementsBelow(disk)]).filter((e) => e.name === 'source');
  return sources.flatMap((source) => attribute(source, 'dev') ?? attribute(source, 'file') ?? []);
}

function controllersOf(root: XmlElement): PciController[] {
  return pciControllers(root).map(({ index, model }) => ({ index, model }));
}

function agentChannel(device: XmlElement): boolean {
  const target = childNamed(device, 'target');
  return device.name === 'channel' && attribute(target, 'name') === 'org.qemu.guest_agent.0';
}

function takenIn(xml: string, root: XmlElement): Map<string, string> {
  const taken = new Map(chipsetOf(root));
  const sources = new Map(hostdevElements(xml, root).map((h) => [h.start, h.source]));
  for (const device of devicesOf(root)) {
    const address = pciAddressRead(childNamed(device, 'address'));
    const source = sources.get(device.start);
    if (address !== null) taken.set(address, source ? `${device.name} ${source}` : deviceName(device));
  }
  return taken;
}

/**
 * Functions that the machine has by itself and that libvirt keeps free of devices without naming them in the
 * definition: qemuDomainValidateDevicePCISlotsQ35 and …PIIX3.
 */
function chipsetOf(root: XmlElement): [string, string][] {
  const model = pciControllers(root).find((c) => c.index === 0)?.model;
  const host: [string, string] = ['0000:00:00.0', 'the host bridge'];
  const [type] = elementsAt(root, 'domain/os/type');
  const machine = attribute(type ?? null, 'machine') ?? '';
  if (model === 'pcie-root' && /q35/.test(machine)) {
    return [host, ['0000:00:1f.0', 'the ISA bridge'], ['0000:00:1f.3', 'the SMBus']];
  }
  if (model === 'pci-root' && /^pc(-i440fx|-[0-9]|$)/.test(machine)) {
    return [
      host,
      ['0000:00:01.0', 'the ISA bridge'],
      ['0000:00:01.1', 'the IDE controller'],
      ['0000:00:01.3', 'the power management'],
    ];
  }
  return model ? [host] : [];
}

/** What a person would call the device: `disk vda`, `controller pci 1`, `interface 52:54:00:…`, `video qxl`. */
function deviceName(device: XmlElement): string {
  if (device.name === 'controller') {
    return `controller ${attribute(device, 'type')} ${attribute(device, 'index') ?? ''}`.trim();
  }
  const model = childNamed(device, 'model');
  const name =
    attribute(childNamed(device, 'mac'), 'address') ??
    attribute(childNamed(device, 'target'), device.name === 'filesystem' ? 'dir' : 'dev') ??
    attribute(device, 'model') ??
    attribute(model, 'type') ??
    attribute(model, 'name') ??
    attribute(device, 'type');
  return name === null ? device.name : `${device.name} ${name}`;
}

/** libvirt's units: KiB when there is none, 1024 for `k` and `KiB`, 1000 for `KB`; rounded up to whole KiB. */
function memoryRead(guest: Guest, root: XmlElement): number {
  const [memory] = elementsAt(root, 'domain/memory');
  const amount = memory?.text.trim() ?? '';
  const unit = /^(?:b|bytes?|([kmgtpe])(i?b)?)$/i.exec(attribute(memory ?? null, 'unit') ?? 'KiB');
  if (!/^[0-9]{1,19}$/.test(amount) || !unit) {
    throw new Failure(
      'xml-invalid',
      `the definition of guest ${guest.name} does not say how much memory it has`,
      `put that right with: virsh edit ${guest.uuid}`,
    );
  }
  const power = unit[1] ? 'kmgtpe'.indexOf(unit[1].toLowerCase()) + 1 : 0;
  const scale = (unit[2]?.toLowerCase() === 'b' ? 1000n : 1024n) ** BigInt(power);
  return Number((BigInt(amount) * scale + 1023n) / 1024n);
}
