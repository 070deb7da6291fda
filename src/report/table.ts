import { harmless } from './terminal.ts';

const GAP = 2;
/** No column gives way further: what does not fit then, the terminal breaks. */
const NARROW = 12;

/** The lines of a table, as `tableRows` lays it out. */
export function table(texts: readonly (readonly string[])[], columns: number | null = null): string[] {
  return tableRows(texts, columns).flat();
}

/**
 * The lines of each row: columns padded to their widest cell, and the widest folded where a terminal is too narrow for
 * all of them. Null: no terminal, a line a row, as programs want it. Cells are plain text, of whatever origin.
 */
export function tableRows(texts: readonly (readonly string[])[], columns: number | null): string[][] {
  const rows = texts.map((row) => row.map(harmless));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  if (columns !== null) narrow(widths, columns);
  return rows.map((row) => {
    const cells = row.map((cell, i) => (cell.length > widths[i]! ? cellFold(cell, widths[i]!) : [cell]));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, i) => (lines[line] ?? '').padEnd(widths[i]! + GAP))
        .join('')
        .trimEnd(),
    );
  });
}

/** The widest column gives way first. */
function narrow(widths: number[], columns: number): void {
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - columns;
  for (; excess > 0; excess -= 1) {
    const widest = Math.max(...widths);
    if (widest <= NARROW) return;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
}

function cellFold(cell: string, width: number): string[] {
  return fold(cell, width).flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? []);
}

/** Folds a paragraph at `columns`, each line after the first indented. */
export function fold(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}
