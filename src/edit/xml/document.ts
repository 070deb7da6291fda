import { Failure } from '../../failure.ts';

/**
 * XML as text with a light tree over it. Nothing is ever printed from the tree: an edit is a splice of the text, so
 * comments, quotes, indentation and everything else that was not meant stay byte for byte.
 * All offsets are indexes into the text, ends exclusive.
 */
export interface XmlDocument {
  readonly text: string;
  readonly root: XmlElement;
}

export interface XmlElement {
  /** As written, with its prefix: `qemu:commandline`. */
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  /** Elements only: comments and processing instructions stand in the text, and nobody asks for them. */
  readonly children: readonly XmlElement[];
  /** Character data directly inside, references decoded, CDATA included. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Between its two tags; both at the end of the tag when it closes itself. */
  readonly innerStart: number;
  readonly innerEnd: number;
}

export interface XmlAttribute {
  readonly name: string;
  /** References decoded, white space as XML normalises it. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** The value as written, without its quotes. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly quote: "'" | '"';
}

/** A replacement of `start` to `end` by `text`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with the splices done; they may stand in any order, but may not overlap. */
export function spliced(text: string, splices: readonly Splice[]): string {
  let done = '';
  let at = 0;
  for (const splice of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (splice.start < at) throw new Error(`splices overlap at ${splice.start}`);
    done += text.slice(at, splice.start) + splice.text;
    at = splice.end;
  }
  return done + text.slice(at);
}

/** Elements at a path of names that begins with the root's own: `domain/devices/hostdev`. */
export function elementsAt(root: XmlElement, path: string): XmlElement[] {
  const [first, ...rest] = path.split('/');
  let found = root.name === first ? [root] : [];
  for (const name of rest) found = found.flatMap((e) => e.children.filter((c) => c.name === name));
  return found;
}

export function childNamed(element: XmlElement, name: string): XmlElement | null {
  return element.children.find((c) => c.name === name) ?? null;
}

export function attribute(element: XmlElement | null, name: string): string | null {
  return element?.attributes.find((a) => a.name === name)?.value ?? null;
}

/** The element and all below it, in the order of the text. */
export function* elementsBelow(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* elementsBelow(child);
}

/** Line and column, both from 1, as libxml2 and editors count them. */
function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

export function xmlInvalid(text: string, offset: number, what: string): Failure {
  const { line, column } = positionOf(text, offset);
  return new Failure('xml-invalid', `XML, line ${line}, column ${column}: ${what}`);
}

/** For text between tags and for values in either quote. */
export function escaped(text: string): string {
  return text.replace(/[&<>'"]/g, (c) => `&${ESCAPES[c]};`);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  "'": 'apos',
  '"': 'quot',
};
