import { attribute, elementsBelow, type Splice, spliced, type XmlElement } from './document.ts';
import { xmlParse } from './parse.ts';

const MASK = '(hidden)';

/** Elements whose text is a secret: cookies of network disks come with --security-info, the others by hand. */
const TEXTS = new Set(['secret', 'auth', 'cookie', 'password']);
/** Options in QEMU's own arguments, up to the next comma. */
const OPTIONS = /\b(?:password|passwd|data)=[^,]*/g;

/**
 * The XML with its secrets masked and every other byte as it was: graphics passwords and whatever else
 * `--security-info` brings or a person has put into QEMU's arguments and environment. For all that is shown.
 */
export function secretsHidden(xml: string): string {
  const { text, root } = xmlParse(xml);
  return spliced(
    text,
    [...elementsBelow(root)].flatMap((element) => secretsIn(text, element)),
  );
}

function secretsIn(text: string, element: XmlElement): Splice[] {
  const hidden = element.attributes
    .filter((a) => /^(passwd|password)$/i.test(a.name))
    .map((a) => ({ start: a.valueStart, end: a.valueEnd, text: MASK }));
  if (TEXTS.has(element.name) && element.text.trim() !== '') hidden.push(...charactersMasked(text, element));
  if (element.name === 'qemu:env' && /passw|secret|token/i.test(attribute(element, 'name') ?? '')) {
    const value = element.attributes.find((a) => a.name === 'value');
    if (value) hidden.push({ start: value.valueStart, end: value.valueEnd, text: MASK });
  }
  if (element.name === 'qemu:arg') {
    const value = element.attributes.find((a) => a.name === 'value');
    const raw = value ? text.slice(value.valueStart, value.valueEnd) : '';
    for (const option of raw.matchAll(OPTIONS)) {
      const start = value!.valueStart + option.index;
      const name = option[0].slice(0, option[0].indexOf('=') + 1);
      hidden.push({ start, end: start + option[0].length, text: name + MASK });
    }
  }
  return hidden;
}

/** The character data of an element: what stands between its children. */
function charactersMasked(text: string, element: XmlElement): Splice[] {
  const edges = [element.innerStart, ...element.children.flatMap((c) => [c.start, c.end]), element.innerEnd];
  const gaps: Splice[] = [];
  for (let i = 0; i < edges.length; i += 2) {
    const [start, end] = [edges[i]!, edges[i + 1]!];
    if (text.slice(start, end).trim() !== '') gaps.push({ start, end, text: MASK });
  }
  return gaps;
}
