import { styleText } from 'node:util';

/** Marks and colours of text reports. What comes from the machine is made harmless before it is printed. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

/** Paragraphs are folded at this width where no terminal says another. */
export const COLUMNS = 100;

const plain = (text: string) => text;

export function styleOf(color: boolean): Style {
  if (!color) return { good: plain, bad: plain, warn: plain, dim: plain, strong: plain };
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    styleText(format, text, { validateStream: false });
  return {
    good: paint('green'),
    bad: paint('red'),
    warn: paint('yellow'),
    dim: paint('dim'),
    strong: paint('bold'),
  };
}

/** What a terminal acts on, breaks a line at, or does not show as it stands there. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * One line of text as a terminal shows it. Names, logs and definitions come from whoever made them: control characters
 * would act on the terminal, a line break would begin a line that looks like ours, and marks that turn the direction of
 * writing or are not seen at all make one name look like another. They are shown as `\x1b` and `\u{202e}`.
 */
export function harmless(text: string): string {
  return text.replace(HARMFUL, (c) => {
    const code = c.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}

/** JSON of the same value in which such characters stand as their escapes: documents are looked at on terminals too. */
export function jsonText(document: unknown, indent = 0): string {
  return JSON.stringify(document, null, indent).replace(HARMFUL, (c) =>
    c === '\n'
      ? c
      : [...Array(c.length).keys()]
          .map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join(''),
  );
}
