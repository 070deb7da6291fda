import { xmlInvalid } from './document.ts';

const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u;
const REFERENCE = '&(?:#(?:x([0-9a-fA-F]+)|([0-9]+));|(lt|gt|amp|apos|quot);)?';
/** What does not stand for itself: white space that is normalised, and references; a lone & is an error. */
const IN_TEXT = new RegExp(`\\r\\n?|${REFERENCE}`, 'g');
const IN_VALUE = new RegExp(`\\r\\n|[\\t\\r\\n]|${REFERENCE}`, 'g');
const PREDEFINED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };

/** Throws at the first character that XML 1.0 does not allow, NUL before all. */
export function charactersCheck(text: string): void {
  const found = FORBIDDEN.exec(text);
  if (!found) return;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  throw xmlInvalid(text, found.index, `the character U+${code} is not allowed`);
}

/**
 * Character data or an attribute's value from `start` to `end`: references resolved, line ends and, in a value, white
 * space as XML normalises them (2.11 and 3.3.3). What a reference stands for is not normalised.
 */
export function charactersDecoded(text: string, start: number, end: number, value: boolean): string {
  const raw = text.slice(start, end);
  const stray = raw.indexOf(value ? '<' : ']]>');
  if (stray >= 0) {
    throw xmlInvalid(text, start + stray, value ? 'a value may not hold <' : 'text may not hold ]]>');
  }
  return raw.replace(value ? IN_VALUE : IN_TEXT, (match, hexadecimal, decimal, name, offset) => {
    if (match[0] !== '&') return value ? ' ' : '\n';
    if (name) return PREDEFINED[name]!;
    const number = hexadecimal ? Number.parseInt(hexadecimal, 16) : Number.parseInt(decimal, 10);
    const found = number <= 0x10ffff ? String.fromCodePoint(number) : '\0';
    if (match !== '&' && !FORBIDDEN.test(found)) return found;
    const why =
      match === '&'
        ? 'only lt; gt; amp; apos; quot; or the number of a character may follow &'
        : `${match.slice(0, 16)} is no character of XML`;
    throw xmlInvalid(text, start + offset, why);
  });
}
