import fc from 'fast-check';
import type { XmlElement } from '../../../src/edit/xml/document.ts';

/** Documents as their text together with what must be read from it. */
export interface Written {
  readonly text: string;
  readonly meaning: Meaning;
}

export interface Meaning {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly text: string;
  readonly children: readonly Meaning[];
}

export function meaningOf(element: XmlElement): Meaning {
  return {
    name: element.name,
    attributes: element.attributes.map((a) => [a.name, a.value]),
    text: element.text,
    children: element.children.map(meaningOf),
  };
}

const name = fc.stringMatching(/^[a-zA-Z_é][a-zA-Z0-9_.é-]{0,5}$/).filter((n) => !/^xml/i.test(n));
const space = fc.constantFrom(' ', '\n', '\t', '  \n');
const gap = fc.constantFrom('', ' ', '\n');
/** A character as written in character data and in a value, and as read. */
const character = fc.oneof(
  fc.constantFrom('a', 'Z', '0', ' ', '-', '>', 'ü', '€', '😀', ']', '=').map((c) => [c, c] as const),
  fc.constantFrom(['&lt;', '<'], ['&amp;', '&'], ['&apos;', "'"], ['&quot;', '"'], ['&gt;', '>'] as const),
  fc.constantFrom(['&#65;', 'A'], ['&#x1F600;', '😀'], ['&#10;', '\n'], ['&#x9;', '\t'] as const),
) as fc.Arbitrary<readonly [string, string]>;
const characters = fc
  .array(character, { maxLength: 8 })
  .map((all) => [all.map((c) => c[0]).join(''), all.map((c) => c[1]).join('')] as const)
  .filter(([raw]) => !raw.includes(']]>'));

const attribute = fc
  .record({ name, value: characters, quote: fc.constantFrom("'", '"'), space, before: gap, after: gap })
  .map(({ name, value, quote, space, before, after }) => ({
    name,
    text: `${space}${name}${before}=${after}${quote}${value[0]}${quote}`,
    value: value[1],
  }));
const attributes = fc.uniqueArray(attribute, { selector: (a) => a.name, maxLength: 3 });

const unseen = fc.constantFrom('<!-- <a b="c"> & -->', '<?tool a="b" <c> ?>', '<!---->', '<?t?>');
const cdata = fc
  .constantFrom('', '<b>', '&amp;', ' ] ]> '.replace(']>', '] >'), 'x\ny')
  .map((text) => ({ text: `<![CDATA[${text}]]>`, read: text }));

type Part = { readonly text: string; readonly read: string; readonly child: Meaning | null };

const { element } = fc.letrec<{ element: Written; part: Part }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 4 },
    characters.map(([text, read]) => ({ text, read, child: null })),
    unseen.map((text) => ({ text, read: '', child: null })),
    cdata.map(({ text, read }) => ({ text, read, child: null })),
    tie('element').map(({ text, meaning }) => ({ text, read: '', child: meaning })),
  ),
  element: fc
    .record({
      name,
      attributes,
      parts: fc.array(tie('part'), { maxLength: 4 }),
      end: gap,
      short: fc.boolean(),
    })
    .map(({ name, attributes, parts, end, short }) => {
      const meaning = {
        name,
        attributes: attributes.map((a) => [a.name, a.value] as const),
        text: parts.map((p) => p.read).join(''),
        children: parts.flatMap((p) => (p.child ? [p.child] : [])),
      };
      const head = `<${name}${attributes.map((a) => a.text).join('')}${end}`;
      if (parts.length === 0 && short) return { text: `${head}/>`, meaning };
      return { text: `${head}>${parts.map((p) => p.text).join('')}</${name}${end}>`, meaning };
    })
    // Character data of neighbours may come to spell the end of a CDATA section.
    .filter(({ text }) => !/\]\]>/.test(text.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, ''))),
}));

export const written: fc.Arbitrary<Written> = fc
  .record({
    declaration: fc.constantFrom('', '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8'?>\n"),
    before: fc.oneof(gap, unseen),
    element,
    after: fc.oneof(gap, unseen),
  })
  .map(({ declaration, before, element, after }) => ({
    text: `${declaration}${declaration === '' ? before.trimStart() : before}${element.text}${after}`,
    meaning: element.meaning,
  }));
