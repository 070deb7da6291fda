import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One repository of Debian as apt knows it. */
export type AptSource = {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string | null;
};

/** Stanzas of a deb822 `.sources` file (apt's sources.list(5)). Disabled and source-only stanzas are left out. */
export function parseStanzas(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    let last = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      if (/^\s/.test(line)) {
        fields.set(last, `${fields.get(last) ?? ''}\n${line}`);
        continue;
      }
      const colon = line.indexOf(':');
      if (colon < 0) continue;
      last = line.slice(0, colon).toLowerCase();
      fields.set(last, line.slice(colon + 1).trim());
    }
    const words = (name: string): string[] =>
      (fields.get(name) ?? '').split(/\s+/).filter((word) => word !== '');
    if (!words('types').includes('deb') || fields.get('enabled')?.toLowerCase() === 'no') continue;
    sources.push({
      uris: words('uris'),
      suites: words('suites'),
      components: words('components'),
      signedBy: fields.get('signed-by') ?? null,
    });
  }
  return sources;
}

/** Lines of a one-line-style `.list` file: `deb [options] uri suite component…`. */
export function parseLines(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (match === null) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    sources.push({
      uris: [uri],
      suites: [suite],
      components: components.split(/\s+/).filter((word) => word !== ''),
      signedBy: /signed-by=(\S+)/.exec(options)?.[1] ?? null,
    });
  }
  return sources;
}

/** Only Debian's own suites of this codename: a vendor's repository has other suites or no `main`. */
export function debianSources(sources: readonly AptSource[], codename: string): AptSource[] {
  const own = (suite: string): boolean => suite === codename || suite.startsWith(`${codename}-`);
  return sources
    .map((source) => ({
      ...source,
      suites: source.suites.filter(own),
      components: source.components.filter((component) => component === 'main'),
    }))
    .filter((source) => source.suites.length > 0 && source.components.length > 0 && source.uris.length > 0);
}

export function formatStanzas(sources: readonly AptSource[]): string {
  return sources
    .map((source) =>
      [
        'Types: deb',
        `URIs: ${source.uris.join(' ')}`,
        `Suites: ${source.suites.join(' ')}`,
        `Components: ${source.components.join(' ')}`,
        ...(source.signedBy === null ? [] : [`Signed-By: ${source.signedBy}`]),
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** The mirror of the image is the mirror of this machine: all that apt here would read for `codename`. */
export function machineSources(codename: string, etc = '/etc/apt'): AptSource[] {
  const found: AptSource[] = [];
  const list = join(etc, 'sources.list');
  if (existsSync(list)) found.push(...parseLines(readFileSync(list, 'utf8')));
  const folder = join(etc, 'sources.list.d');
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const text = (): string => readFileSync(join(folder, name), 'utf8');
    if (name.endsWith('.list')) found.push(...parseLines(text()));
    if (name.endsWith('.sources')) found.push(...parseStanzas(text()));
  }
  const own = debianSources(found, codename);
  if (own.length === 0) {
    throw new Error(
      `no Debian source for ${codename} in ${list} or ${folder}: the rig builds its image from this machine's own mirror`,
    );
  }
  return own;
}
