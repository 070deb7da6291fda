import type { Look } from './look.ts';
import { addressRead, type NetworkAddress } from './network-address.ts';
import type { Reach } from './network-loads.ts';
import { type Mount, mountName, mountTable } from './storage/mounts.ts';
import { overlayLayers } from './storage/overlay.ts';

const FACT = 'network.loads';
const MOUNTS = '/proc/self/mountinfo';
const KINDS: ReadonlyMap<string, Reach['kind']> = new Map(
  Object.entries({
    nfs: 'nfs',
    nfs4: 'nfs',
    cifs: 'cifs',
    smb3: 'cifs',
    ceph: 'ceph',
  }),
);

/** File systems of other machines, whose addresses the kernel keeps among their options. */
export function networkMounts(look: Look): Reach[] {
  const mounts = mountTable(look) ?? [];
  if (!mountTable(look)) look.gap(FACT, MOUNTS, 'what is mounted cannot be read');
  // A host without a disk keeps what it changes in memory, on top of what it gets.
  const roots = mounts.filter(({ type, point }) => type === 'overlay' && point === '/');
  return mounts.flatMap((mount): Reach[] => {
    const kind = KINDS.get(mount.type);
    if (kind === undefined) return [];
    const peers = serversOf(mount);
    if (peers.length === 0) look.gap(FACT, MOUNTS, `no address of ${mount.source}`);
    const ends = peers.map((peer) => ({ peer, local: null }));
    return [mount, ...roots.filter((root) => overlayLayers(mounts, root).includes(mount))].map((one) => {
      return { kind, what: mountName(one), ends };
    });
  });
}

/** NFS and CIFS have one server (`addr=`); Ceph names its monitors, in the source or as `mon_addr=A/B`. */
function serversOf({ type, source, options }: Mount): NetworkAddress[] {
  const [, option] =
    options.map((one) => /^(?:addr|mon_addr)=(.*)$/.exec(one)).find((one) => one !== null) ?? [];
  const monitors = type === 'ceph' && option === undefined ? source.split(':/')[0] : option;
  return (monitors ?? '').split(/[,/]/).flatMap((text) => addressRead(hostOf(text)) ?? []);
}

/** `10.0.0.1:6789`, `[fd00::1]:6789`, or an address alone. */
function hostOf(text: string): string {
  return /^\[([^\]]*)\]/.exec(text)?.[1] ?? /^([^:]*):\d+$/.exec(text)?.[1] ?? text;
}
