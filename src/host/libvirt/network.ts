import { attribute, elementsAt } from '../../edit/xml/document.ts';
import { xmlParse } from '../../edit/xml/parse.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../host.ts';
import { virshBatch, virshRead } from './virsh.ts';

/** A virtual network, as `<network>` describes it. */
export interface Network {
  readonly name: string;
  readonly active: boolean;
  /** The bridge that its guests are on, libvirt's own or one of the host's; null where there is none (macvtap). */
  readonly bridge: string | null;
  /** Interfaces of the host that its traffic leaves by; empty where the host routes it like its own. */
  readonly uplinks: string[];
}

/**
 * All networks, by UUID: a name may hold anything, and virsh takes several commands as one text. Two processes however
 * many there are. Throws like `virshRead`.
 */
export async function networkList(host: Host, uri: string): Promise<Network[]> {
  const uuids = (await networkUuids(host, uri)).split('\n').filter((line) => line !== '');
  const answers = await virshBatch(
    host,
    uri,
    uuids.flatMap((uuid) => [
      ['net-info', uuid],
      ['net-dumpxml', uuid],
    ]),
  );
  return uuids.flatMap((_, i) => {
    const [info = '', xml = ''] = answers.slice(i * 2);
    // One that was undefined since the list answers nothing.
    return xml.trim() === '' ? [] : [networkOf(xml.trim(), /^Active: *yes$/m.test(info))];
  });
}

async function networkUuids(host: Host, uri: string): Promise<string> {
  try {
    return await virshRead(host, uri, ['net-list', '--all', '--uuid']);
  } catch (error) {
    // A libvirt that was built or installed without virtual networks has none.
    if (error instanceof Failure && /not supported by the connection driver/.test(error.message)) return '';
    throw error;
  }
}

function networkOf(xml: string, active: boolean): Network {
  const { root } = xmlParse(xml);
  const [name] = elementsAt(root, 'network/name');
  const [forward] = elementsAt(root, 'network/forward');
  const [bridge] = elementsAt(root, 'network/bridge');
  const bridgeName = attribute(bridge ?? null, 'name');
  const pool = ['interface', 'pf'].flatMap((child) => elementsAt(root, `network/forward/${child}`));
  const devs = [forward ?? null, ...pool].map((element) => attribute(element, 'dev'));
  // Only with this mode the bridge is the host's, and has interfaces of the host.
  const shared = attribute(forward ?? null, 'mode') === 'bridge' ? [bridgeName] : [];
  const uplinks = new Set([...devs, ...shared].filter((dev) => dev !== null));
  return { name: name?.text ?? '', active, bridge: bridgeName, uplinks: [...uplinks] };
}
