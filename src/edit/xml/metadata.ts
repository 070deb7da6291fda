import { attribute, elementsAt, elementsBelow, escaped, spliced, type XmlElement } from './document.ts';
import { blockRemoval, dedented } from './layout.ts';
import { xmlParse } from './parse.ts';

/** Our element in a guest's `<metadata>` stands under this name, whatever its prefix. */
export const LENDS_NAMESPACE = 'urn:vfioctl:lends:1';

/** Who was lent, by what it is and not only by where it is. */
export interface LendIdentity {
  readonly address: string;
  /** `8086:1c20`. */
  readonly id: string;
  readonly subsystem: string | null;
  /** Bridges from the root bus down to the function. */
  readonly path: readonly string[];
  /** The host's driver before the lend. */
  readonly driver: string | null;
}

/**
 * The element as `virsh metadata --set` takes it: without a namespace, since libvirt adds its own declaration and
 * prefix and fails with `failed to create a new XML namespace` where that prefix is declared already.
 */
export function lendsXml(lends: readonly LendIdentity[]): string {
  const lines = lends.map(({ address, id, subsystem, path, driver }) => {
    const pairs = { address, id, subsystem, path: path.length > 0 ? path.join(' ') : null, driver };
    const given = Object.entries(pairs).filter((p): p is [string, string] => p[1] !== null);
    return `  <lend ${given.map(([name, value]) => `${name}='${escaped(value)}'`).join(' ')}/>`;
  });
  return ['<lends>', ...lines, '</lends>'].join('\n');
}

/** What our element in the domain's metadata says; none when there is no such element. */
export function lendsParse(domainXml: string): LendIdentity[] {
  const element = lendsFind(xmlParse(domainXml).root);
  const lends = element?.children.filter((c) => nameLocal(c.name) === 'lend') ?? [];
  return lends.flatMap((lend) => {
    const address = attribute(lend, 'address');
    const id = attribute(lend, 'id');
    if (address === null || id === null) return [];
    const path = attribute(lend, 'path')?.split(' ').filter(Boolean) ?? [];
    return [
      { address, id, subsystem: attribute(lend, 'subsystem'), path, driver: attribute(lend, 'driver') },
    ];
  });
}

/** Our element in the form of `lendsXml`, without the prefix and the declaration that libvirt adds to it. */
export function lendsElement(domainXml: string): string | null {
  const element = lendsFind(xmlParse(domainXml).root);
  if (element === null) return null;
  const { text, root } = xmlParse(dedented(domainXml, element));
  const prefix = `${root.name.slice(0, -'lends'.length)}`;
  const splices = [...elementsBelow(root)].flatMap((e) => {
    const names = [{ start: e.start + 1, end: e.start + 1 + prefix.length, text: '' }];
    if (e.innerEnd < e.end)
      names.push({ start: e.innerEnd + 2, end: e.innerEnd + 2 + prefix.length, text: '' });
    const declared = e.attributes.filter((a) => a.value === LENDS_NAMESPACE && /^xmlns(:|$)/.test(a.name));
    // The one space that stands before it goes with the declaration.
    return [
      ...(e.name.startsWith(prefix) ? names : []),
      ...declared.map((a) => ({ start: a.start - 1, end: a.end, text: '' })),
    ];
  });
  return spliced(text, splices);
}

/** The domain without our element, and without a `<metadata>` that would be left empty; every other byte is kept. */
export function lendsRemove(domainXml: string): string {
  const { text, root } = xmlParse(domainXml);
  const element = lendsFind(root);
  if (element === null) return domainXml;
  const around = elementsAt(root, 'domain/metadata').find((m) => m.children.includes(element));
  return spliced(text, [blockRemoval(text, around?.children.length === 1 ? around : element)]);
}

function lendsFind(root: XmlElement): XmlElement | null {
  const metadata = elementsAt(root, 'domain/metadata');
  for (const element of metadata.flatMap((m) => m.children)) {
    if (nameLocal(element.name) !== 'lends') continue;
    const prefix = element.name.includes(':') ? `xmlns:${element.name.split(':')[0]}` : 'xmlns';
    const scopes = [element, ...metadata, root];
    const namespace = scopes.map((e) => attribute(e, prefix)).find((value) => value !== null);
    if (namespace === LENDS_NAMESPACE) return element;
  }
  return null;
}

function nameLocal(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
