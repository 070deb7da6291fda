import { type BlockDevice, type BlockDevices, blockDevices } from './block.ts';
import type { Look } from './look.ts';
import { addressEqual, addressLoopback, addressRead } from './network-address.ts';
import type { Reach } from './network-loads.ts';
import { connections, processSockets } from './socket-table.ts';
import { mountAbove, mountName, mountTable } from './storage/mounts.ts';
import { stackOf } from './storage/stack.ts';

const FACT = 'network.loads';
const BLOCK = '/sys/class/block';
const ISCSI = '/sys/class/iscsi_connection';

const NVME = '/sys/class/nvme';
const SUBSYSTEMS = '/sys/class/nvme-subsystem';

/** Disks of other machines: by iSCSI, NBD, and NVMe over TCP or RDMA. */
export function networkDisks(look: Look): Reach[] {
  const blocks = blockDevices(look);
  if (!blocks) look.gap(FACT, BLOCK, 'block devices cannot be listed');
  const disks = [...(blocks?.all.values() ?? [])].filter((device) => device.parent === null);
  const what = (disk: BlockDevice) => diskWhat(look, blocks!, disk);
  return [
    ...iscsiSessions(look, disks, what),
    ...nbdDisks(look, disks, what),
    ...nvmeControllers(look, disks, what),
  ];
}

type What = (disk: BlockDevice) => string;

/** `connection3:0` belongs to `session3`, and its disks hang below that. */
function iscsiSessions(look: Look, disks: readonly BlockDevice[], what: What): Reach[] {
  return (look.list(FACT, ISCSI) ?? []).flatMap((name): Reach[] => {
    const text =
      look.text(FACT, `${ISCSI}/${name}/address`, name) ??
      look.text(FACT, `${ISCSI}/${name}/persistent_address`, name);
    const peer = addressRead(text ?? '');
    const session = name.replace(/^connection(\d+):\d+$/, 'session$1');
    if (!peer) {
      look.gap(FACT, `${ISCSI}/${name}`, 'does not say where its target is', session);
      return [];
    }
    const own = disks.filter((disk) => disk.transport === 'iscsi' && hangsBelow(look, disk, session));
    const whats = own.length > 0 ? own.map(what) : [session];
    return whats.map((each) => ({ kind: 'iscsi', what: each, ends: [{ peer, local: null }] }));
  });
}

/** A controller says where it leads: `traddr=10.0.0.5,trsvcid=4420`. Its disks hang below it, or below its subsystem. */
function nvmeControllers(look: Look, disks: readonly BlockDevice[], what: What): Reach[] {
  return (look.list(FACT, NVME) ?? []).flatMap((name): Reach[] => {
    if (!/^(tcp|rdma)$/.test(look.text(FACT, `${NVME}/${name}/transport`, name) ?? '')) return [];
    const address = look.text(FACT, `${NVME}/${name}/address`, name) ?? '';
    const peer = addressRead(/(?:^|,)traddr=([^,]*)/.exec(address)?.[1] ?? '');
    if (!peer) {
      look.gap(FACT, `${NVME}/${name}/address`, 'does not say where its target is', name);
      return [];
    }
    const subsystems = (look.list(FACT, SUBSYSTEMS) ?? []).filter((subsystem) =>
      look.host.exists(`${SUBSYSTEMS}/${subsystem}/${name}`),
    );
    const own = disks.filter((disk) => [name, ...subsystems].some((above) => hangsBelow(look, disk, above)));
    const whats = own.length > 0 ? own.map(what) : [name];
    return whats.map((each) => ({ kind: 'nvme', what: each, ends: [{ peer, local: null }] }));
  });
}

function hangsBelow(look: Look, { name }: BlockDevice, above: string): boolean {
  const link = look.host.link(`${BLOCK}/${name}`);
  return link.state === 'read' && link.value.includes(`/${above}/`);
}

/** A connected NBD has the pid of its client, which has the socket unless it left it to the kernel and went. */
function nbdDisks(look: Look, disks: readonly BlockDevice[], what: What): Reach[] {
  return disks.flatMap((disk): Reach[] => {
    const { name } = disk;
    const text = /^nbd\d+$/.test(name) ? look.text(FACT, `${BLOCK}/${name}/pid`, name) : null;
    if (text == null) return [];
    const path = `/proc/${text}/fd`;
    const sockets = look.host.exists(path) ? processSockets(look, Number(text)) : 'its client has ended';
    if (typeof sockets === 'string') {
      look.gap(FACT, path, sockets, name);
      return [];
    }
    const ends = (connections(look, FACT) ?? []).filter(
      (c) => sockets.has(c.inode) && !addressLoopback(c.peer) && !addressEqual(c.peer, c.local),
    );
    // Without one it is a file of this machine, which qemu-nbd serves by a socket of its own.
    return ends.length > 0 ? [{ kind: 'nbd', what: what(disk), ends }] : [];
  });
}

/** `sdb`, `sdb (/data, /srv)`: the disk and what is mounted from it. */
function diskWhat(look: Look, blocks: BlockDevices, { name }: BlockDevice): string {
  const mounts = mountTable(look) ?? [];
  const ofFile = (path: string) => blocks.byNumber.get(mountAbove(mounts, path)?.dev ?? '')?.name;
  const stack = stackOf(blocks, (path) => [ofFile(path) ?? []].flat(), new Map());
  const points = mounts.filter((mount) => {
    const device = blocks.byNumber.get(mount.dev) ?? blocks.byPath.get(mount.source);
    return device !== undefined && stack.chains(device.name).some(({ disk }) => disk === name);
  });
  const names = [...new Set(points.map(mountName))].sort();
  return names.length > 0 ? `${name} (${names.join(', ')})` : name;
}
