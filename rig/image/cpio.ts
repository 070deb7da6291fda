import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** One entry of an initramfs: a folder, a file with its bytes, or a link with its text. Paths have no leading slash. */
export type Entry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly content: Buffer; readonly executable: boolean }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

const modes = { folder: 0o040755, file: 0o100644, link: 0o120777 } as const;

/** An uncompressed cpio archive of the "newc" kind, the one that the kernel unpacks. Folders above an entry come by themselves. */
export function cpioArchive(entries: readonly Entry[]): Buffer {
  const pieces: Buffer[] = [];
  const seen = new Set<string>();
  let inode = 1;
  const add = (path: string, mode: number, content: Buffer): void => {
    const name = Buffer.from(`${path}\0`);
    const fields = [inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from(
      `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`,
    );
    pieces.push(padded(Buffer.concat([header, name])), padded(content));
  };
  const addFolder = (path: string): void => {
    if (path === '' || path === '.' || seen.has(path)) return;
    addFolder(path.split('/').slice(0, -1).join('/'));
    seen.add(path);
    add(path, modes.folder, Buffer.alloc(0));
  };
  for (const entry of entries) {
    if (entry.kind === 'folder') {
      addFolder(entry.path);
      continue;
    }
    if (seen.has(entry.path)) continue;
    addFolder(entry.path.split('/').slice(0, -1).join('/'));
    seen.add(entry.path);
    if (entry.kind === 'link') add(entry.path, modes.link, Buffer.from(entry.target));
    else add(entry.path, entry.executable ? modes.file | 0o111 : modes.file, entry.content);
  }
  add('TRAILER!!!', 0, Buffer.alloc(0));
  return Buffer.concat(pieces);
}

function padded(content: Buffer): Buffer {
  const rest = content.length % 4;
  return rest === 0 ? content : Buffer.concat([content, Buffer.alloc(4 - rest)]);
}

export function fileEntry(path: string, source: string, executable = false): Entry {
  return { kind: 'file', path, content: readFileSync(source), executable };
}

/** Every file below a folder; links are left out. */
export function folderEntries(path: string, source: string): Entry[] {
  return readdirSync(source, { withFileTypes: true, recursive: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name))
    .map((file) => fileEntry(join(path, relative(source, file)), file));
}
