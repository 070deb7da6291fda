import { attribute, elementsBelow, type XmlDocument, type XmlElement } from './document.ts';

/** A place in a definition that tells whose it is: hardware, people, or machines by name. */
export interface XmlIdentity {
  readonly kind: 'mac' | 'serial' | 'wwn' | 'host' | 'user' | 'text';
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

type Kind = XmlIdentity['kind'];

/** By the element whose text it is. */
const TEXTS: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    serial: 'serial',
    wwn: 'wwn',
    hostname: 'host',
    title: 'text',
    description: 'text',
  } as const),
);
/** By element and attribute. */
const ATTRIBUTES: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    'mac address': 'mac',
    'host name': 'host',
    'domain name': 'host',
    'auth username': 'user',
    'parent wwnn': 'wwn',
    'parent wwpn': 'wwn',
  } as const),
);

/** Every identity in a definition of a guest, a network or a node device, in the order of the text. */
export function identitiesOf({ text, root }: XmlDocument): XmlIdentity[] {
  return [...elementsBelow(root)].flatMap((element) => {
    const kind = textKind(element);
    const named = element.attributes.flatMap((a): XmlIdentity[] => {
      const of = ATTRIBUTES.get(`${element.name} ${a.name}`);
      return of === undefined || a.value === ''
        ? []
        : [{ kind: of, value: a.value, start: a.valueStart, end: a.valueEnd }];
    });
    if (kind === undefined || element.children.length > 0 || element.text.trim() === '') return named;
    const inner = text.slice(element.innerStart, element.innerEnd);
    const start = element.innerStart + inner.length - inner.trimStart().length;
    const own = { kind, value: element.text.trim(), start, end: start + inner.trim().length };
    return [...named, own];
  });
}

function textKind(element: XmlElement): Kind | undefined {
  // <entry name='serial'> of sysinfo, which the guest's firmware then tells.
  const name = element.name === 'entry' ? (attribute(element, 'name') ?? '') : element.name;
  return element.name === 'entry' && /serial|asset|uuid/i.test(name) ? 'serial' : TEXTS.get(element.name);
}
