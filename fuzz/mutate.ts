import type { Random } from '../torture/random.ts';

const LONGEST = 1024 * 1024;

/** What has broken a parser somewhere: numbers at their ends, names of every object, what terminals and XML act on. */
const WORDS = [
  ...[
    '0',
    '-1',
    '2147483648',
    '4294967296',
    '9007199254740993',
    '1e999',
    'NaN',
    '0x',
    '00000000000000000001',
    '.5',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length'],
  ...[
    '\0',
    '\r',
    '\n',
    '\r\n',
    '\t',
    '\v',
    '\f',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u200b',
    '\u00a0',
    '\ufffd',
    '\uffff',
  ],
  ...[
    '\u001b[2J',
    '\u001b]0;x\u0007',
    '\u009b31m',
    '\u202e',
    '\u2066',
    '\ud83c\udfb9',
    '\u0130',
    '\u017f',
    '\u0345',
  ],
  ...[
    '<',
    '>',
    '&',
    '"',
    "'",
    '`',
    '$(id)',
    ';',
    '|',
    '\\',
    '\\040',
    '\\377',
    '%s',
    '%00',
    '../',
    '//',
    '/',
    ':',
    '::',
    '=',
    ',',
    '#',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    '*',
    '?',
    '-',
    '--',
    ' ',
  ],
  ...[
    '&lt;',
    '&#0;',
    '&#x10ffff;',
    '&#x110000;',
    '&lol;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?x',
    '?>',
    '</x>',
    '<x/>',
  ],
  ...[
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '(null)',
    '(deleted)',
  ],
];

/** A changed input: a few small changes, seldom a large one. */
export function mutate(
  input: string,
  seeds: readonly string[],
  words: readonly string[],
  random: Random,
): string {
  let text = input;
  for (let changes = 1 + random.int(5); changes > 0; changes--) text = changed(text, seeds, words, random);
  // Half a character never comes out of a file.
  return Buffer.from(text.slice(0, LONGEST)).toString('utf8');
}

function changed(text: string, seeds: readonly string[], words: readonly string[], random: Random): string {
  const from = random.int(text.length + 1);
  const to = Math.min(
    text.length,
    from + (random.chance(0.7) ? random.int(8) : random.int(text.length - from + 1)),
  );
  const [head, piece, tail] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (random.int(random.chance(0.02) ? 13 : 11)) {
    case 0:
      return head + tail;
    case 1:
      return head + piece + piece + tail;
    case 2:
      return text.slice(0, from);
    case 3:
      return head + flipped(text[from] ?? 'a', random) + text.slice(from + 1);
    case 4:
    case 5:
      return head + word(words, random) + (random.chance(0.5) ? piece : '') + tail;
    case 6:
      return spliced(text, random.pick(seeds), random);
    case 7:
      return linesChanged(text, random);
    case 8:
      return text.replace(numberAt(text, from), () => random.pick(WORDS.slice(0, 10)));
    case 9: {
      const other = random.int(text.length + 1);
      return text.slice(0, other) + piece + text.slice(other);
    }
    case 10:
      return head + piece.toUpperCase() + tail;
    case 11: {
      // Long enough that a time which grows with the square is seen.
      const repeated = random.chance(0.5) ? piece.slice(0, 64) : word(words, random);
      const times = 1 + random.int(LONGEST / 4 / Math.max(1, repeated.length));
      return head + repeated.repeat(times) + tail;
    }
    default: {
      const [open, close] = random.pick([
        ['<a>', '</a>'],
        ['[', ']'],
        ['{"a":', '}'],
        ['(', ')'],
      ] as const);
      const depth = 1 + random.int(20_000);
      return head + open.repeat(depth) + piece + close.repeat(depth) + tail;
    }
  }
}

function word(words: readonly string[], random: Random): string {
  return words.length > 0 && random.chance(0.6) ? random.pick(words) : random.pick(WORDS);
}

function flipped(character: string, random: Random): string {
  return String.fromCharCode(character.charCodeAt(0) ^ (1 << random.int(8)));
}

function spliced(text: string, other: string, random: Random): string {
  const from = random.int(other.length + 1);
  const at = random.int(text.length + 1);
  return text.slice(0, at) + other.slice(from, from + random.int(400)) + text.slice(at);
}

function linesChanged(text: string, random: Random): string {
  const lines = text.split('\n');
  const [a, b] = [random.int(lines.length), random.int(lines.length)];
  if (random.chance(0.4)) lines.splice(a, 1);
  else if (random.chance(0.5)) lines.splice(a, 0, lines[b]!);
  else [lines[a], lines[b]] = [lines[b]!, lines[a]!];
  return lines.join('\n');
}

function numberAt(text: string, from: number): string {
  return /\d+/.exec(text.slice(from, from + 200))?.[0] ?? '\n';
}
