import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Everything the rig makes and may throw away. */
export const cacheFolder = join(import.meta.dirname, '../../.cache/rig');

/** A short name for exactly these ingredients. */
export function cacheKey(...ingredients: readonly string[]): string {
  const hash = createHash('sha256');
  for (const ingredient of ingredients) hash.update(`${ingredient.length}:`).update(ingredient);
  return hash.digest('hex').slice(0, 12);
}

/** The text of all files of a folder of the rig, with their names. */
export function folderText(name: string): string {
  const folder = join(import.meta.dirname, '..', name);
  return readdirSync(folder)
    .sort()
    .map((file) => `${file}\n${readFileSync(join(folder, file), 'utf8')}`)
    .join('\n');
}

/** Gives a finished draft its final name. Two builds of the same thing may meet: the first one's result stays. */
export function publish(draft: string, final: string): void {
  if (existsSync(final)) rmSync(draft, { recursive: true, force: true });
  else renameSync(draft, final);
}

/**
 * Forgets, of what other keys built, all but the newest two of a kind (a branch and what it came from); and what broken
 * builds and ended runs left, when it is older than a day.
 */
export function forgetOld(kept: readonly string[], folder = cacheFolder): void {
  mkdirSync(folder, { recursive: true });
  const runs = join(folder, 'run');
  const made = readdirSync(folder).map((name) => join(folder, name));
  const left = existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name)) : [];
  const age = (path: string): number => Date.now() - statSync(path).mtimeMs;
  const whole = (kind: string): string[] =>
    made.filter((path) => new RegExp(`/${kind}-[0-9a-f]+$`).test(path));
  const spare = (kind: string): string[] =>
    whole(kind)
      .sort((left, right) => age(left) - age(right))
      .slice(2);
  const day = 86_400_000;
  const drafts = made.filter((path) => /\.draft-\d+/.test(path) && age(path) > day);
  const ended = left.filter((path) => age(path) > day);
  for (const path of [...spare('root'), ...spare('image'), ...drafts, ...ended]) {
    if (!kept.includes(path)) rmSync(path, { recursive: true, force: true });
  }
}
