import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deadlineIn, runOk } from '../process.ts';
import type { Entry } from './cpio.ts';

/** A program of the tree with the shared libraries that the tree's own loader finds for it. */
export async function programEntries(tree: string, program: string): Promise<Entry[]> {
  const listing = await runOk(['chroot', tree, 'ldd', program], { deadline: deadlineIn(30) });
  const entries: Entry[] = [await fileOfTree(tree, program)];
  for (const word of listing.toString().split(/\s+/)) {
    if (word.startsWith('/')) entries.push(await fileOfTree(tree, word));
  }
  return entries;
}

/** Links are resolved as the tree sees them: an absolute link means the tree's root, not this machine's. */
async function fileOfTree(tree: string, path: string): Promise<Entry> {
  const real = await runOk(['chroot', tree, 'readlink', '-f', path], { deadline: deadlineIn(30) });
  const content = readFileSync(join(tree, real.toString().trim()));
  return { kind: 'file', path: path.slice(1), content, executable: true };
}
