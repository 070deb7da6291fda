import { attribute, childNamed, elementsAt, escaped, type XmlElement } from './document.ts';
import { dedented } from './layout.ts';
import { xmlParse } from './parse.ts';
import { pciAddressAttributes, pciAddressRead } from './pci-address.ts';

/** libvirt keeps an alias across restarts only when it begins with `ua-` and holds nothing but `[A-Za-z0-9_-]`. */
const OURS = 'ua-vfioctl-';

export interface HostdevOptions {
  /** On the host. */
  readonly address: string;
  readonly alias: string;
  readonly managed: boolean;
  /** In the guest; libvirt chooses when it is not given. */
  readonly guestAddress?: string | null;
  readonly multifunction?: boolean;
}

/** An element of a guest's devices that takes a PCI function from the host. */
export interface HostdevElement {
  /** `interface type='hostdev'` and `disk type='nvme'` take functions too. */
  readonly element: 'hostdev' | 'interface' | 'disk';
  /** Address on the host. */
  readonly source: string;
  readonly managed: boolean;
  readonly guestAddress: string | null;
  readonly alias: string | null;
  /** vfioctl made it: its alias says so. */
  readonly ours: boolean;
  /** The element as it stands, its first line's indentation taken off every line. */
  readonly xml: string;
  readonly start: number;
  readonly end: number;
}

export function aliasOf(address: string): string {
  return OURS + address.replace(/[:.]/g, '-');
}

export function aliasOurs(alias: string | null): boolean {
  return alias?.startsWith(OURS) ?? false;
}

/** Does the definition hold any element of ours. */
export function aliasesOurs(domainXml: string): boolean {
  const { text, root } = xmlParse(domainXml);
  return hostdevElements(text, root).some((h) => h.ours);
}

/** The element that `virsh attach-device` takes, laid out as libvirt prints it, without a last newline. */
export function hostdevXml(options: HostdevOptions): string {
  const { address, alias, managed, guestAddress = null, multifunction = false } = options;
  const guest = guestAddress === null ? '' : ` ${pciAddressAttributes(guestAddress)}`;
  const multi = multifunction ? " multifunction='on'" : '';
  return [
    `<hostdev mode='subsystem' type='pci' managed='${managed ? 'yes' : 'no'}'>`,
    '  <source>',
    `    <address ${pciAddressAttributes(address)}/>`,
    '  </source>',
    `  <alias name='${escaped(alias)}'/>`,
    ...(guest || multi ? [`  <address type='pci'${guest}${multi}/>`] : []),
    '</hostdev>',
  ].join('\n');
}

/** Every element of a `<domain>` that takes a PCI function, in the order of the text. */
export function hostdevElements(text: string, root: XmlElement): HostdevElement[] {
  return elementsAt(root, 'domain/devices')
    .flatMap((devices) => devices.children)
    .flatMap((device) => {
      const source = sourceRead(device);
      if (source === null) return [];
      const alias = attribute(childNamed(device, 'alias'), 'name');
      const managed = device.name === 'disk' ? childNamed(device, 'source') : device;
      return {
        element: device.name as HostdevElement['element'],
        source,
        managed: attribute(managed, 'managed') === 'yes',
        guestAddress: pciAddressRead(childNamed(device, 'address')),
        alias,
        ours: aliasOurs(alias),
        xml: dedented(text, device),
        start: device.start,
        end: device.end,
      };
    });
}

/** The element of a domain that takes the function; null when there is none. */
export function hostdevElement(xml: string, address: string): HostdevElement | null {
  const { text, root } = xmlParse(xml);
  return hostdevElements(text, root).find((h) => h.source === address) ?? null;
}

/** Address on the host of what the device takes, or null when it takes no PCI function. */
function sourceRead(device: XmlElement): string | null {
  const type = attribute(device, 'type');
  const source = childNamed(device, 'source');
  const taken =
    (device.name === 'hostdev' && type === 'pci') ||
    (device.name === 'interface' && type === 'hostdev') ||
    (device.name === 'disk' && type === 'nvme');
  if (!taken || source === null) return null;
  return pciAddressRead(childNamed(source, 'address'));
}
