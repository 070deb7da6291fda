import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A directory of the test's own, gone when the test ends. */
export function temporaryDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'vfioctl-test-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Files by path; a value that begins with `->` is a link to what follows. */
export function fill(top: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    const real = join(top, path);
    mkdirSync(dirname(real), { recursive: true });
    if (typeof content === 'string' && content.startsWith('->')) symlinkSync(content.slice(2), real);
    else writeFileSync(real, content);
  }
}
