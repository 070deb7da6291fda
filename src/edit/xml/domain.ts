import { addressDevice } from '../../model/address.ts';
import {
  attribute,
  childNamed,
  elementsAt,
  type Splice,
  spliced,
  type XmlElement,
  xmlInvalid,
} from './document.ts';
import { hostdevElements } from './hostdev.ts';
import { blockAfter, blockRemoval } from './layout.ts';
import { xmlParse } from './parse.ts';
import { numberRead, pciAddressRead } from './pci-address.ts';

export { differenceOf } from './difference.ts';

/** A PCI controller that libvirt added by itself to make room for a device. */
export interface AddedController {
  /** Its `index`: the number of the bus that it makes. */
  readonly index: number;
  readonly model: string | null;
  /**
   * Guest address of the function 0 that became `multifunction='on'` because this controller joined its slot
   * (libvirt's virDomainPCIAddressSetAllMulti); null when there is none, or it was so before.
   */
  readonly multifunctionOf: string | null;
}

interface Controller {
  readonly index: number;
  readonly model: string | null;
  readonly element: XmlElement;
}

/** Devices that libvirt prints after the hostdevs. */
const BEHIND = new Set(
  'redirdev redirfilter hub watchdog memballoon rng nvram panic shmem memory iommu vsock crypto pstore'.split(
    ' ',
  ),
);

/** The domain with the element put where libvirt would print it, indented as its neighbours are. */
export function hostdevAdd(xml: string, element: string): string {
  const { text, root } = xmlParse(xml);
  const devices = elementsAt(root, 'domain/devices')[0];
  if (!devices) throw xmlInvalid(text, root.start, 'the definition has no <devices>');
  const neighbour =
    devices.children.findLast((d) => d.name === 'hostdev') ??
    devices.children.findLast((d) => !BEHIND.has(d.name));
  return spliced(text, [blockAfter(text, devices, neighbour ?? null, element)]);
}

/** The domain without the element that takes this function; as it was when there is none. */
export function hostdevRemove(xml: string, address: string): string {
  return domainWithout(xml, { addresses: [address], controllers: [] });
}

/** PCI controllers that `afterXml` has and `beforeXml` lacks, by index. */
export function controllersAddedSince(beforeXml: string, afterXml: string): AddedController[] {
  const before = xmlParse(beforeXml).root;
  const after = xmlParse(afterXml).root;
  const known = new Set(pciControllers(before).map((c) => c.index));
  const single = new Set(
    guestAddresses(before)
      .filter((a) => !multifunction(a))
      .map(pciAddressRead),
  );
  const multiple = new Set(guestAddresses(after).filter(multifunction).map(pciAddressRead));
  return pciControllers(after)
    .filter((c) => !known.has(c.index))
    .map(({ index, model, element }) => {
      const own = pciAddressRead(childNamed(element, 'address'));
      const first = own === null ? null : `${addressDevice(own)}.0`;
      const changed = first !== null && single.has(first) && multiple.has(first);
      return { index, model, multifunctionOf: changed ? first : null };
    });
}

/**
 * The domain without the elements that take these functions, and without those of the controllers that are empty
 * then. They go from the highest bus down and stop at the first that stays: libvirt fills a gap in the bus numbers
 * with a new controller. Every other byte is kept.
 */
export function domainWithout(
  xml: string,
  what: { readonly addresses: readonly string[]; readonly controllers: readonly AddedController[] },
): string {
  const { text, root } = xmlParse(xml);
  const gone = new Set(
    hostdevElements(text, root)
      .filter((h) => what.addresses.includes(h.source))
      .map((h) => h.start),
  );
  const removals: Splice[] = [];
  const stays = () => devicesOf(root).filter((d) => !gone.has(d.start));
  for (const controller of pciControllers(root).toSorted((a, b) => b.index - a.index)) {
    const added = what.controllers.find((c) => c.index === controller.index && c.model === controller.model);
    if (!added || stays().some((d) => busOf(d) === controller.index)) break;
    gone.add(controller.element.start);
  }
  for (const device of devicesOf(root)) if (gone.has(device.start)) removals.push(blockRemoval(text, device));
  return spliced(text, [...removals, ...multifunctionRemovals(stays(), what.controllers)]);
}

/** A slot that libvirt made multi-function and that has one function again becomes what it was. */
function multifunctionRemovals(
  devices: readonly XmlElement[],
  controllers: readonly AddedController[],
): Splice[] {
  const addresses = devices.flatMap((d) => d.children.filter((c) => c.name === 'address'));
  return addresses.flatMap((address) => {
    const own = pciAddressRead(address);
    if (own === null || !controllers.some((c) => c.multifunctionOf === own)) return [];
    const mates = addresses
      .map(pciAddressRead)
      .filter((a) => a !== null && addressDevice(a) === addressDevice(own));
    const on = address.attributes.find((a) => a.name === 'multifunction' && a.value === 'on');
    if (mates.length > 1 || !on) return [];
    const previous = address.attributes[address.attributes.indexOf(on) - 1];
    return [{ start: previous?.end ?? on.start, end: on.end, text: '' }];
  });
}

/**
 * Do two definitions say the same? libvirt sorts controllers when it reads a definition that it has completed
 * itself, so a guest defined since the daemon started may come back from `define` with its controllers in another
 * order and nothing else changed.
 */
export function domainsAgree(a: string, b: string): boolean {
  return a === b || controllersSorted(a) === controllersSorted(b);
}

function controllersSorted(xml: string): string {
  const { text, root } = xmlParse(xml);
  const controllers = devicesOf(root).filter((d) => d.name === 'controller');
  const lines = controllers.map((c) => text.slice(c.start, c.end)).sort();
  return spliced(
    text,
    controllers.map((c, i) => ({ start: c.start, end: c.end, text: lines[i]! })),
  );
}

export function devicesOf(root: XmlElement): XmlElement[] {
  return elementsAt(root, 'domain/devices').flatMap((d) => d.children);
}

export function pciControllers(root: XmlElement): Controller[] {
  return devicesOf(root).flatMap((element) => {
    const index = numberRead(attribute(element, 'index'));
    if (element.name !== 'controller' || attribute(element, 'type') !== 'pci' || index === null) return [];
    return [{ index, model: attribute(element, 'model'), element }];
  });
}

function guestAddresses(root: XmlElement): XmlElement[] {
  return devicesOf(root).flatMap((d) => d.children.filter((c) => c.name === 'address'));
}

function multifunction(address: XmlElement): boolean {
  return attribute(address, 'multifunction') === 'on';
}

function busOf(device: XmlElement): number | null {
  const address = childNamed(device, 'address');
  return pciAddressRead(address) === null ? null : numberRead(attribute(address, 'bus'));
}
