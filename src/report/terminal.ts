import { styleText } from 'node:util';

/** Marks and colours of text reports. What comes from the machine is made harmless before it is printed. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

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

/** Control characters of names, logs and definitions would act on the terminal: they are shown as `\x1b`. */
export function harmless(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
