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

/** Forgets what other keys built, and what broken builds and ended runs left, when it is older than a day. */
export function forgetOld(kept: readonly string[]): void {
  mkdirSync(cacheFolder, { recursive: true });
  const dayAgo = Date.now() - 86_400_000;
  const runs = join(cacheFolder, 'run');
  const made = readdirSync(cacheFolder).filter((name) => /^(root|image)-/.test(name));
  const left = existsSync(runs) ? readdirSync(runs).map((name) => join('run', name)) : [];
  for (const name of [...made, ...left]) {
    const path = join(cacheFolder, name);
    if (!kept.includes(path) && statSync(path).mtimeMs < dayAgo)
      rmSync(path, { recursive: true, force: true });
  }
}
