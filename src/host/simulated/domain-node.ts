import { escaped, type XmlElement } from '../../edit/xml/document.ts';
import { xmlParse } from '../../edit/xml/parse.ts';
import { numberRead } from '../../edit/xml/pci-address.ts';
import { addressFormat, addressParse, hex } from '../../model/address.ts';

/**
 * XML as libvirt holds it: read into objects, changed, and printed anew in libvirt's own layout. (vfioctl itself never
 * does that to a definition; this stands in for the daemon.)
 */
export interface Node {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: Node[];
  text: string;
}

/** Throws Failure `xml-invalid`. */
export function nodeRead(xml: string): Node {
  return nodeOf(xmlParse(xml).root);
}

function nodeOf(element: XmlElement): Node {
  const attributes = new Map(element.attributes.map((a) => [a.name, a.value]));
  return {
    name: element.name,
    attributes,
    children: element.children.map(nodeOf),
    text: element.text.trim(),
  };
}

export function node(name: string, attributes: Record<string, string> = {}, children: Node[] = []): Node {
  return { name, attributes: new Map(Object.entries(attributes)), children, text: '' };
}

/** Two spaces a level and single quotes; `<metadata>` is printed by libxml2, which quotes doubly. */
export function nodeText(root: Node, indent = '', quote = "'"): string {
  const { name, attributes, children, text } = root;
  const inner = name === 'metadata' ? '"' : quote;
  const head = `${indent}<${name}${[...attributes].map(([key, value]) => ` ${key}=${quote}${escaped(value)}${quote}`).join('')}`;
  if (children.length > 0) {
    return `${head}>\n${children.map((c) => nodeText(c, `${indent}  `, inner)).join('')}${indent}</${name}>\n`;
  }
  return text === '' ? `${head}/>\n` : `${head}>${escaped(text)}</${name}>\n`;
}

export function nodeChild(parent: Node, name: string): Node | undefined {
  return parent.children.find((c) => c.name === name);
}

export function nodeRemove(parent: Node, child: Node | undefined): void {
  const at = child === undefined ? -1 : parent.children.indexOf(child);
  if (at >= 0) parent.children.splice(at, 1);
}

/** The devices of a domain; an empty list's node is made. */
export function domainDevices(domain: Node): Node {
  const devices = nodeChild(domain, 'devices') ?? node('devices');
  if (!domain.children.includes(devices)) domain.children.push(devices);
  return devices;
}

/** `<address type='pci' …/>` of the device as `dddd:bb:ss.f`; null while it has none. */
export function deviceAddress(device: Node): string | null {
  const address = nodeChild(device, 'address');
  return address?.attributes.get('type') === 'pci' ? addressOf(address) : null;
}

/** Address on the host of a `<hostdev type='pci'>`; null for every other device. */
export function hostdevSource(device: Node): string | null {
  if (device.name !== 'hostdev' || device.attributes.get('type') !== 'pci') return null;
  const source = nodeChild(device, 'source');
  const address = source && nodeChild(source, 'address');
  return address ? addressOf(address) : null;
}

export function domainHostdevs(domain: Node): { source: string; device: Node }[] {
  return domainDevices(domain).children.flatMap((device) => {
    const source = hostdevSource(device);
    return source === null ? [] : [{ source, device }];
  });
}

function addressOf(address: Node): string | null {
  const [domain, bus, slot, fn] = ['domain', 'bus', 'slot', 'function'].map((name) =>
    numberRead(address.attributes.get(name) ?? (name === 'domain' || name === 'function' ? '0' : null)),
  );
  if (domain == null || bus == null || slot == null || fn == null) return null;
  return addressFormat({ domain, bus, slot, function: fn });
}

export function addressNode(address: string, type: 'pci' | null, multifunction = false): Node {
  const { domain, bus, slot, function: fn } = addressParse(address)!;
  return node('address', {
    ...(type === null ? {} : { type }),
    domain: `0x${hex(domain, 4)}`,
    bus: `0x${hex(bus, 2)}`,
    slot: `0x${hex(slot, 2)}`,
    function: `0x${fn}`,
    ...(multifunction ? { multifunction: 'on' } : {}),
  });
}
