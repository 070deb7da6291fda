import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../fixtures/fuzz');

/** Inputs that once broke a parser, or that nobody would find by chance: they are tried first, and by `npm test`. */
export function corpus(target: string): { readonly name: string; readonly input: string }[] {
  const folder = join(FOLDER, target);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.map((name) => ({ name, input: readFileSync(join(folder, name), 'utf8') }));
}

/** Keeps an input; answers the file. */
export function corpusKeep(target: string, input: string): string {
  const folder = join(FOLDER, target);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 12));
  writeFileSync(file, input);
  return file;
}
