import type { Splice, XmlElement } from './document.ts';

/** Where an element stands in its lines: edits take and give whole lines where it has them for itself. */

/** White space in front of the offset on its line; null when something else stands there too. */
function indentBefore(text: string, offset: number): string | null {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*$/.test(before) ? before : null;
}

/** Start of the next line when nothing but white space follows on this one; null otherwise. */
function lineAfter(text: string, offset: number): number | null {
  const end = text.indexOf('\n', offset);
  return end >= 0 && /^[ \t\r]*$/.test(text.slice(offset, end)) ? end + 1 : null;
}

/** Takes the range out, with its whole lines when it has them for itself. */
export function blockRemoval(text: string, range: { readonly start: number; readonly end: number }): Splice {
  const indent = indentBefore(text, range.start);
  const after = lineAfter(text, range.end);
  if (indent === null || after === null) return { start: range.start, end: range.end, text: '' };
  return { start: range.start - indent.length, end: after, text: '' };
}

/** Puts a block of lines behind a child of `parent`, or first in it: on lines of its own where the child has them. */
export function blockAfter(
  text: string,
  parent: XmlElement,
  child: XmlElement | null,
  block: string,
): Splice {
  const parentIndent = indentBefore(text, parent.start) ?? '';
  if (parent.innerEnd === parent.end) {
    const inside = `>\n${indented(block, `${parentIndent}  `)}\n${parentIndent}</${parent.name}>`;
    return { start: parent.end - 2, end: parent.end, text: inside };
  }
  const at = child?.end ?? parent.innerStart;
  const line = lineAfter(text, at);
  if (line === null) return { start: at, end: at, text: block };
  const beside = child ?? parent.children[0] ?? null;
  const indent = (beside && indentBefore(text, beside.start)) ?? `${parentIndent}  `;
  return { start: line, end: line, text: `${indented(block, indent)}\n` };
}

function indented(block: string, indent: string): string {
  return block.replace(/^(?=.)/gm, indent);
}

/** The element's text without the indentation of its first line, for a file or a screen of its own. */
export function dedented(text: string, element: XmlElement): string {
  const own = text.slice(element.start, element.end);
  const indent = indentBefore(text, element.start);
  return indent ? own.replaceAll(`\n${indent}`, '\n') : own;
}
