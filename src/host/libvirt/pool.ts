import { attribute, elementsAt } from '../../edit/xml/document.ts';
import { xmlParse } from '../../edit/xml/parse.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../host.ts';
import { virshRead } from './virsh.ts';

/**
 * Where a storage pool lies: the devices that it is made of, and the directory of its volumes, with a slash at its end.
 * None for a pool that is not there: its guest has no such disk either, and cannot start. A process of its own, for a
 * name may hold anything, and virsh takes several commands as one text. Throws like `virshRead`.
 */
export async function poolPlaces(host: Host, uri: string, name: string): Promise<string[]> {
  const xml = await poolXml(host, uri, name);
  if (xml === null) return [];
  const { root } = xmlParse(xml.trim());
  const devices = elementsAt(root, 'pool/source/device').flatMap((device) => attribute(device, 'path') ?? []);
  const directories = elementsAt(root, 'pool/target/path').map(
    (path) => `${path.text.trim().replace(/\/+$/, '')}/`,
  );
  return [...devices, ...directories];
}

async function poolXml(host: Host, uri: string, name: string): Promise<string | null> {
  try {
    return await virshRead(host, uri, ['pool-dumpxml', '--pool', name]);
  } catch (error) {
    if (error instanceof Failure && /Storage pool not found/.test(error.message)) return null;
    throw error;
  }
}
