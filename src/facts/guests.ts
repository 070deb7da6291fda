import { attribute, elementsBelow } from '../edit/xml/document.ts';
import { devicesOf } from '../edit/xml/domain.ts';
import { xmlParse } from '../edit/xml/parse.ts';
import { Failure } from '../failure.ts';
import { connectionFacts } from '../host/libvirt/connection.ts';
import { domainActive, domainDetails, domainList } from '../host/libvirt/domain.ts';
import { networkList } from '../host/libvirt/network.ts';
import { poolPlaces } from '../host/libvirt/pool.ts';
import { processNodes } from './holders.ts';
import { type Look, wholeNumber } from './look.ts';
import type { Guest, Snapshot } from './snapshot.ts';

type Libvirt = NonNullable<Snapshot['libvirt']>;

/** libvirt, its guests and its networks; one gap `libvirt` when it does not answer. */
export async function libvirtFacts(look: Look, uri: string): Promise<Snapshot['libvirt']> {
  try {
    const [connection, domains, networks] = await Promise.all([
      connectionFacts(look.host, uri),
      domainList(look.host, uri),
      networkFacts(look, uri),
    ]);
    const details = await domainDetails(look.host, uri, domains);
    const known = domains.flatMap((domain) => {
      const detail = details.get(domain.uuid);
      return detail
        ? [{ ...domain, ...detail, ...processFacts(look, domain.uuid, domain.name, domain.state) }]
        : [];
    });
    const places = poolsReader(look, uri);
    const guests = await Promise.all(
      known.map(async (guest) => ({ ...guest, ...(await guestPools(look, guest, places)) })),
    );
    return { uri, ...connection, guests: guests.sort((a, b) => (a.name < b.name ? -1 : 1)), ...networks };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    look.gap('libvirt', uri, error.message.replace(/^libvirt does not answer: /, ''));
    return undefined;
  }
}

/** A daemon of their own may keep the networks, and guests are known without it. */
async function networkFacts(look: Look, uri: string): Promise<Pick<Libvirt, 'networks'>> {
  try {
    const networks = await networkList(look.host, uri);
    return { networks: networks.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    look.gap('libvirt.networks', uri, error.message.replace(/^libvirt does not answer: /, ''));
    return {};
  }
}

/** Where one pool lies, asked once for all guests; or why nobody knows. */
type PoolPlaces = (name: string) => Promise<string[] | Failure>;

function poolsReader(look: Look, uri: string): PoolPlaces {
  const asked = new Map<string, ReturnType<PoolPlaces>>();
  const ask: PoolPlaces = (name) =>
    poolPlaces(look.host, uri, name).catch((error: unknown) => {
      if (error instanceof Failure) return error;
      throw error;
    });
  return (name) => {
    const answer = asked.get(name) ?? ask(name);
    asked.set(name, answer);
    return answer;
  };
}

/** Its disks may be named by pool and volume, and only libvirt knows what lies behind. Most guests have none such. */
async function guestPools(
  look: Look,
  { uuid, inactiveXml, liveXml }: Pick<Guest, 'uuid' | 'inactiveXml' | 'liveXml'>,
  placesOf: PoolPlaces,
): Promise<Pick<Guest, 'pools'>> {
  const names = [...new Set([inactiveXml, liveXml ?? ''].flatMap(poolsNamed))];
  if (names.length === 0) return {};
  const answers = await Promise.all(names.map(placesOf));
  for (const answer of answers) {
    if (answer instanceof Failure) look.gap('libvirt.guests.pools', null, answer.message, uuid);
  }
  return { pools: answers.flatMap((answer) => (answer instanceof Failure ? [] : answer)) };
}

function poolsNamed(xml: string): string[] {
  if (!/\spool\s*=/.test(xml)) return [];
  const disks = devicesOf(xmlParse(xml).root).filter((device) => device.name === 'disk');
  return disks.flatMap((disk) => [...elementsBelow(disk)]).flatMap((one) => attribute(one, 'pool') ?? []);
}

/** The guest's QEMU, by the pid file that libvirt keeps of it, and the vfio nodes that it holds open. */
function processFacts(
  look: Look,
  uuid: string,
  name: string,
  state: string,
): Pick<Guest, 'pid' | 'vfioNodes'> {
  if (!domainActive(state)) return { pid: null, vfioNodes: [] };
  const text = look.text('libvirt.guests.pid', `/run/libvirt/qemu/${name}.pid`, uuid);
  const pid = wholeNumber(text);
  if (pid === null) {
    look.gap('libvirt.guests.vfioNodes', null, 'its process is not known', uuid);
    return { pid };
  }
  const nodes = processNodes(look, pid, '/dev/vfio/');
  if (typeof nodes !== 'string') return { pid, vfioNodes: nodes };
  look.gap('libvirt.guests.vfioNodes', `/proc/${pid}/fd`, nodes, uuid);
  return { pid };
}
