import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../fixtures/xml/', import.meta.url);

/** A definition in fixtures/xml, as its README describes it. */
export function xmlFixture(name: string): string {
  return readFileSync(new URL(`${name}.xml`, folder), 'utf8');
}

export const xmlFixtures: readonly (readonly [string, string])[] = readdirSync(folder)
  .filter((file) => file.endsWith('.xml'))
  .map((file) => file.slice(0, -'.xml'.length))
  .map((name) => [name, xmlFixture(name)]);
