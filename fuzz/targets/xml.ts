import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differenceOf } from '../../src/edit/xml/difference.ts';
import { elementsBelow, spliced, type XmlDocument } from '../../src/edit/xml/document.ts';
import { domainsAgree, domainWithout, hostdevAdd, hostdevRemove } from '../../src/edit/xml/domain.ts';
import { aliasOf, hostdevElement, hostdevElements, hostdevXml } from '../../src/edit/xml/hostdev.ts';
import { identitiesOf } from '../../src/edit/xml/identities.ts';
import { lendsElement, lendsParse, lendsRemove } from '../../src/edit/xml/metadata.ts';
import { xmlParse } from '../../src/edit/xml/parse.ts';
import { secretsHidden } from '../../src/edit/xml/secrets.ts';
import { answer } from '../answer.ts';
import type { Target } from '../target.ts';

const ADDRESS = '0000:0b:1d.6';

/** Definitions: what is not edited stays byte for byte, and what is read stands where it is said to. */
export const xml: Target = {
  name: 'xml',
  seeds: () => definitions(),
  words: [
    ...[
      '<devices>',
      '</devices>',
      '<hostdev type="pci">',
      '</hostdev>',
      '<metadata>',
      "passwd='x'",
      '<domain>',
    ],
    ...[
      "<address type='pci' domain='0x0000' bus='0x00' slot='0x1b' function='0x0'/>",
      "xmlns:v='urn:vfioctl:lends:1'",
    ],
    ...[
      "<alias name='ua-vfioctl-0000-00-1b-0'/>",
      '<v:lends>',
      '</v:lends>',
      'password=',
      '<serial>',
      "<mac address='",
    ],
  ],
  run(input) {
    const document = answer(() => xmlParse(input));
    if (document === undefined) return;
    placesCheck(document);
    secretsCheck(input);
    if (answer(() => lendsParse(input)) !== undefined) {
      answer(() => lendsElement(input));
      const without = answer(() => lendsRemove(input));
      if (without !== undefined) xmlParse(without);
    }
    hostdevsCheck(input, document);
  },
};

export function definitions(): string[] {
  const folder = join(import.meta.dirname, '../../fixtures/xml');
  return globSync('*.xml', { cwd: folder }).map((name) => readFileSync(join(folder, name), 'utf8'));
}

function placesCheck({ text, root }: XmlDocument): void {
  assert.equal(spliced(text, []), text);
  for (const element of elementsBelow(root)) {
    const { start, end, innerStart, innerEnd, name, children, attributes } = element;
    assert.ok(text.startsWith(`<${name}`, start) && text[end - 1] === '>');
    assert.ok(start < innerStart && innerStart <= innerEnd && innerEnd <= end && end <= text.length);
    for (const [i, child] of children.entries())
      assert.ok(child.start >= (children[i - 1]?.end ?? innerStart) && child.end <= innerEnd);
    for (const a of attributes) {
      assert.equal(text[a.valueEnd], a.quote);
      assert.ok(text.startsWith(a.name, a.start) && a.valueStart <= a.valueEnd && a.valueEnd < innerStart);
    }
  }
}

function secretsCheck(input: string): void {
  const hidden = secretsHidden(input);
  assert.equal(secretsHidden(hidden), hidden);
  for (const { start, end } of identitiesOf(xmlParse(hidden))) assert.ok(0 <= start && start <= end);
  if (input.length < 20_000) assert.deepEqual(differenceOf(input, input), []);
}

/** A hostdev that is put in and taken out again leaves what was there. */
function hostdevsCheck(input: string, { text, root }: XmlDocument): void {
  for (const hostdev of hostdevElements(text, root))
    assert.equal(xmlParse(hostdev.xml).root.name, hostdev.element);
  assert.ok(domainsAgree(input, input));
  if (hostdevElement(input, ADDRESS) !== null) return;
  assert.equal(hostdevRemove(input, ADDRESS), input);
  const element = hostdevXml({ address: ADDRESS, alias: aliasOf(ADDRESS), managed: true });
  const added = answer(() => hostdevAdd(input, element));
  if (added === undefined) return;
  const found = hostdevElement(added, ADDRESS);
  assert.ok(found?.ours && found.managed);
  const back = domainWithout(added, { addresses: [ADDRESS], controllers: [] });
  // An element without content gets two tags, and they stay.
  const squeezed = (t: string) => t.replace(/<(devices)([^>]*?)>\s*<\/devices>/g, '<$1$2/>');
  assert.equal(squeezed(back), squeezed(input));
}
