import { spliced } from './document.ts';
import { identitiesOf } from './identities.ts';
import { xmlParse } from './parse.ts';
import { secretsHidden } from './secrets.ts';

const CONTEXT = 2;
/** Pairs of lines to compare; beyond it the differing middle is shown as replaced whole. */
const PAIRS_LIMIT = 4_000_000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * How two definitions differ, for a person: lines that begin with ` `, `-` or `+`, two lines around each change,
 * ` …` where lines are left out between changes. Secrets are hidden; so are serial numbers, MAC addresses and names of
 * hosts, which are numbered for what they are: differences are pasted where anybody reads them. Empty when there is no
 * difference to show.
 */
export function differenceOf(before: string, after: string): string[] {
  const numbers = new Map<string, number>();
  const lines = linesCompared(linesOf(before, numbers), linesOf(after, numbers));
  const shown = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some((line) => line.mark !== ' '),
  );
  const out: string[] = [];
  let last = -1;
  for (const [i, { mark, text }] of lines.entries()) {
    if (!shown[i]) continue;
    if (last >= 0 && i > last + 1) out.push(' …');
    out.push(mark + text);
    last = i;
  }
  return out;
}

function linesOf(xml: string, numbers: Map<string, number>): string[] {
  const document = xmlParse(secretsHidden(xml));
  const hidden = identitiesOf(document)
    .filter(({ kind }) => kind !== 'text')
    .map(({ value, start, end }) => {
      const number = numbers.get(value) ?? numbers.size + 1;
      numbers.set(value, number);
      return { start, end, text: `(hidden ${number})` };
    });
  return spliced(document.text, hidden).replace(/\n$/, '').split('\n');
}

function linesCompared(a: readonly string[], b: readonly string[]): Line[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...a.slice(0, head).map(same),
    ...middleCompared(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

/** By the longest common subsequence. */
function middleCompared(a: readonly string[], b: readonly string[]): Line[] {
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  if (a.length * b.length <= PAIRS_LIMIT) {
    const width = b.length + 1;
    const common = new Uint32Array((a.length + 1) * width);
    for (let x = a.length - 1; x >= 0; x--) {
      for (let y = b.length - 1; y >= 0; y--) {
        const at = x * width + y;
        common[at] =
          a[x] === b[y] ? common[at + width + 1]! + 1 : Math.max(common[at + width]!, common[at + 1]!);
      }
    }
    while (i < a.length && j < b.length) {
      const at = i * width + j;
      if (a[i] === b[j]) lines.push({ mark: ' ', text: a[i]! });
      if (a[i] === b[j]) [i, j] = [i + 1, j + 1];
      else if (common[at + width]! >= common[at + 1]!) lines.push({ mark: '-', text: a[i++]! });
      else lines.push({ mark: '+', text: b[j++]! });
    }
  }
  return [
    ...lines,
    ...a.slice(i).map((text): Line => ({ mark: '-', text })),
    ...b.slice(j).map((text): Line => ({ mark: '+', text })),
  ];
}
