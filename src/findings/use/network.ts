import { attribute, childNamed } from '../../edit/xml/document.ts';
import { devicesOf } from '../../edit/xml/domain.ts';
import { xmlParse } from '../../edit/xml/parse.ts';
import type { PciFunction, Snapshot } from '../../facts/snapshot.ts';
import { type HostModel, hangingOn } from '../../model/model.ts';
import { isPassthroughDriver } from '../function-word.ts';
import { evidence } from '../rule.ts';
import { isDiskVital } from './storage.ts';
import { type Use, type Uses, usesRead, usesUnread } from './use.ts';
import { isVital } from './vital.ts';

type Interface = NonNullable<Snapshot['network']>[number];
type Load = NonNullable<Interface['loads']>[number];

/** Facts that decide whether an interface is busy; whose it is matters to every function. */
const DECIDING = ['network.up', 'network.master', 'network.uppers'];
const OVER: Readonly<Record<Exclude<Load['kind'], 'ssh'>, string>> = {
  nfs: 'NFS',
  cifs: 'CIFS',
  iscsi: 'iSCSI',
  nbd: 'NBD',
  nvme: 'NVMe',
  ceph: 'Ceph',
};
const NAMED_MAX = 3;

/** Interfaces of a function, and all that the host or a running guest does through them. */
export function networkUses(model: HostModel, fn: PciFunction): Uses {
  const { network, libvirt } = model.snapshot;
  if (!network) return usesUnread('network');
  const own = interfacesOf(model, fn);
  const uses = own.map((n) => interfaceUse(model, n));
  if (uses.length === 0) {
    return usesRead(model, uses, ['network.function', ...(isAway(fn) ? ['network.namespaces'] : [])]);
  }
  if (!uses.some((use) => use.busy)) {
    const unread = own.find((n) => n.uppers === undefined);
    if (unread) return usesUnread('network.uppers', unread.name);
    if (!libvirt?.networks) return usesUnread(libvirt ? 'libvirt.networks' : 'libvirt');
  }
  // Routes go over an interface as long as it is up, with or without a link.
  const loads = own.some((n) => n.up) ? ['network.loads'] : [];
  return usesRead(model, uses, ['network.function', ...DECIDING, ...loads]);
}

/** Somebody's way into this machine goes over the function. */
export function carriesSession(model: HostModel, fn: PciFunction): boolean {
  return interfacesOf(model, fn).some((n) => n.loads?.some((load) => load.kind === 'ssh') ?? false);
}

/** A port that has a driver of the host has an interface, if not among ours, then in another network namespace. */
function isAway({ class: code, driver }: PciFunction): boolean {
  return code.startsWith('02') && driver !== null && !isPassthroughDriver(driver);
}

function interfacesOf({ snapshot }: HostModel, fn: PciFunction): readonly Interface[] {
  return snapshot.network ? hangingOn(snapshot.network, fn.address) : [];
}

function interfaceUse(model: HostModel, n: Interface): Use {
  // Network managers set every interface up; one without a cable serves nobody.
  const link = n.up && n.carrier !== false;
  const above = (n.uppers ?? []).filter((name) => name !== n.master && isUp(model, name));
  const carried = [
    ...(n.defaultRoute ? ['the default route'] : []),
    ...loadWords(n.loads ?? []),
    ...guestWords(model, [n.name, ...(n.uppers ?? [])]),
  ];
  const parts = [
    link ? 'up' : n.up ? 'without a link' : 'down',
    ...(n.master === null ? [] : [`belongs to ${n.master}`]),
    ...(above.length === 0 ? [] : [`is below ${listed(above)}`]),
    ...(carried.length === 0 ? [] : [`carries ${carried.join(', ')}`]),
  ];
  return {
    name: n.name,
    busy: link || parts.length > 1,
    vital: n.loads?.some((load) => isLoadVital(model, load)) ?? false,
    evidence: evidence(`/sys/class/net/${n.name}`, `${n.name} is ${parts.join(', ')}`),
  };
}

/** One that is not listed is in the network namespace of a container, where nobody sees its state. */
function isUp(model: HostModel, name: string): boolean {
  return model.snapshot.network?.find((n) => n.name === name)?.up !== false;
}

/** A file system that the host does not live on without, or a disk with one: `/home`, `sdb (/, /srv)`. */
function isLoadVital({ snapshot }: HostModel, { what }: Load): boolean {
  const names = what.split(/[\s(),]+/);
  // What stands on a disk of another machine is known like that of any other.
  const disks = snapshot.storage?.filter((disk) => disk.function === null && disk.name === names[0]) ?? [];
  return names.some(isVital) || disks.some(isDiskVital);
}

/** `your own SSH session from 10.0.0.7`, `/home, /srv over NFS`: the nearest to a person first. */
function loadWords(loads: readonly Load[]): string[] {
  const sessions = loads
    .filter((load) => load.kind === 'ssh')
    .map((load) => `${load.what} from ${load.peer}`);
  const own = (text: string) => (text.startsWith('your own') ? 0 : 1);
  const words = sessions.length > 0 ? [listed(sessions.toSorted((a, b) => own(a) - own(b)))] : [];
  for (const [kind, name] of Object.entries(OVER)) {
    const whats = [...new Set(loads.filter((load) => load.kind === kind).map((load) => load.what))];
    if (whats.length > 0) words.push(`${listed(whats)} over ${name}`);
  }
  return words;
}

/** Virtual networks that leave the host by one of these interfaces, and running guests that do. */
function guestWords(model: HostModel, names: readonly string[]): string[] {
  const networks = (model.snapshot.libvirt?.networks ?? [])
    .filter((network) => network.active && network.uplinks.some((uplink) => names.includes(uplink)))
    .map((network) => network.name);
  const guests = model.guests.filter(({ fact }) =>
    fact.liveXml === null
      ? false
      : guestSources(fact.liveXml).some(
          ({ dev, network }) => names.includes(dev ?? '') || networks.includes(network ?? ''),
        ),
  );
  return [
    ...(networks.length > 0 ? [`the virtual network ${listed(networks)}`] : []),
    ...(guests.length > 0 ? [`guest ${listed(guests.map((guest) => guest.name))}`] : []),
  ];
}

/** What a guest's interfaces stand on: macvtap names an interface, a bridge is one, a network has its own. */
function guestSources(xml: string): { readonly dev: string | null; readonly network: string | null }[] {
  return devicesOf(xmlParse(xml).root)
    .filter((device) => device.name === 'interface')
    .map((device) => {
      const source = childNamed(device, 'source');
      return {
        dev: attribute(source, 'dev') ?? attribute(source, 'bridge'),
        network: attribute(source, 'network'),
      };
    });
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  return names.slice(0, NAMED_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
