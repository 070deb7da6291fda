import type { Tree } from '../tree.ts';
import {
  type BoardDisk,
  type BoardFunction,
  type BoardNetwork,
  type BoardSound,
  boardFunctionAt,
  boardFunctionPath,
  diskNumber,
} from './board.ts';
import { NETWORK_BRIDGE, NETWORK_BRIDGE_MAC } from './network.ts';
import { linkTo } from './pci-tree.ts';
import { seatTree } from './seat-tree.ts';
import type { SimulatedState } from './state.ts';

/** /sys/class and /dev: what bound drivers make of their functions. */
export function classTree(tree: Tree, state: SimulatedState): void {
  for (const name of ['net', 'block', 'sound', 'drm']) tree.setDirectory(`/sys/class/${name}`);
  tree.setDirectory('/sys/block');
  tree.setDirectory('/dev/snd/by-path');
  tree.setFile('/dev/snd/seq', '');
  tree.setFile('/dev/snd/timer', '');
  tree.setFile('/dev/kvm', '');
  // A static node (modules.devname), so that opening it loads the module: it is there without a group and a module.
  tree.setFile('/dev/vfio/vfio', '');
  linkTo(tree, '/sys/class/net/lo', '/sys/devices/virtual/net/lo');
  networkFiles(tree, '/sys/devices/virtual/net/lo', true, true, '00:00:00:00:00:00');
  const bridge = `/sys/devices/virtual/net/${NETWORK_BRIDGE}`;
  linkTo(tree, `/sys/class/net/${NETWORK_BRIDGE}`, bridge);
  networkFiles(tree, bridge, true, false, NETWORK_BRIDGE_MAC);

  for (const fn of state.board.functions) {
    const driver = state.kernel.drivers[fn.address];
    if (driver === undefined) continue;
    const path = boardFunctionPath(state.board, fn.address);
    if (driver === 'vfio-pci' && fn.group !== null) vfioNode(tree, path, fn.group);
    else if (fn.network) networkTree(tree, path, fn.network);
    else if (fn.disk) diskTree(tree, path, fn.disk);
    else if (fn.share) shareTree(tree, path, fn.share.tag, virtioNumber(state, fn));
    else if (fn.drm !== null) displayTree(tree, path, fn.drm);
  }
  seatTree(tree, state);
  state.kernel.cards.forEach((address, card) => {
    const fn = address === null ? undefined : boardFunctionAt(state.board, address);
    if (fn?.sound) soundTree(tree, boardFunctionPath(state.board, fn.address), card, fn.sound, fn.address);
  });
}

function vfioNode(tree: Tree, path: string, group: number): void {
  tree.setFile(`/dev/vfio/${group}`, '');
  linkTo(tree, `/sys/class/vfio/${group}`, `/sys/devices/virtual/vfio/${group}`);
  tree.setFile(`/sys/devices/virtual/vfio/${group}/dev`, `245:${group}\n`);
  tree.setDirectory(`${path}/vfio-dev/vfio${group}`);
}

function networkFiles(tree: Tree, path: string, up: boolean, carrier: boolean, mac: string): void {
  tree.setFile(`${path}/carrier`, carrier ? '1\n' : '0\n');
  tree.setFile(`${path}/operstate`, carrier ? 'up\n' : 'down\n');
  // IFF_UP is bit 0 (linux/if.h).
  tree.setFile(`${path}/flags`, up ? '0x1003\n' : '0x1002\n');
  tree.setFile(`${path}/address`, `${mac}\n`);
}

function networkTree(tree: Tree, path: string, network: BoardNetwork): void {
  const below = `${path}/net/${network.name}`;
  networkFiles(tree, below, network.up, network.carrier, network.mac);
  linkTo(tree, `${below}/device`, path);
  linkTo(tree, `/sys/class/net/${network.name}`, below);
}

function displayTree(tree: Tree, path: string, card: number): void {
  for (const name of [`card${card}`, `renderD${128 + card}`]) {
    linkTo(tree, `${path}/drm/${name}/device`, path);
    linkTo(tree, `/sys/class/drm/${name}`, `${path}/drm/${name}`);
    tree.setFile(`/dev/dri/${name}`, '');
  }
}

/** As 9pnet_virtio shows it. */
function shareTree(tree: Tree, path: string, tag: string, number: number): void {
  const below = `${path}/virtio${number}`;
  tree.setFile(`${below}/device`, '0x0009\n');
  tree.setFile(`${below}/mount_tag`, `${tag}\0`);
  tree.setDirectory('/sys/bus/virtio/drivers/9pnet_virtio');
  linkTo(tree, `${below}/driver`, '/sys/bus/virtio/drivers/9pnet_virtio');
  linkTo(tree, `/sys/bus/virtio/devices/virtio${number}`, below);
}

/** The kernel counts virtio devices in the order in which it finds them. */
function virtioNumber({ board }: SimulatedState, fn: BoardFunction): number {
  return board.functions.filter((f) => f.vendor === '1af4' && f.address < fn.address).length;
}

/** A disk, its partitions, and logical volumes as device-mapper shows them: `slaves` down, `holders` up. */
function diskTree(tree: Tree, path: string, disk: BoardDisk): void {
  const below = `${path}/block/${disk.name}`;
  const node = (at: string, name: string, dev: string): void => {
    tree.setFile(`${at}/dev`, `${dev}\n`);
    tree.setFile(`${at}/size`, `${disk.sectors}\n`);
    tree.setDirectory(`${at}/holders`);
    tree.setDirectory(`${at}/slaves`);
    linkTo(tree, `/sys/class/block/${name}`, at);
    tree.setFile(`/dev/${name}`, '');
  };
  node(below, disk.name, diskNumber(disk));
  tree.setFile(`${below}/removable`, '0\n');
  linkTo(tree, `${below}/device`, path);
  linkTo(tree, `/sys/block/${disk.name}`, below);
  disk.partitions.forEach(({ name }, i) => {
    node(`${below}/${name}`, name, diskNumber(disk, i + 1));
    tree.setFile(`${below}/${name}/partition`, `${i + 1}\n`);
  });
  const physical = disk.partitions.at(-1)?.name;
  disk.volumes.forEach((volume, i) => {
    const name = `dm-${i}`;
    const at = `/sys/devices/virtual/block/${name}`;
    node(at, name, `253:${i}`);
    tree.setFile(`${at}/dm/name`, `${volume.name}\n`);
    tree.setFile(`${at}/dm/uuid`, `LVM-simulated${i}\n`);
    linkTo(tree, `/sys/block/${name}`, at);
    tree.setLink(`/dev/mapper/${volume.name}`, `../${name}`);
    if (physical === undefined) return;
    linkTo(tree, `${at}/slaves/${physical}`, `${below}/${physical}`);
    linkTo(tree, `${below}/${physical}/holders/${name}`, at);
  });
}

function soundTree(tree: Tree, path: string, card: number, sound: BoardSound, address: string): void {
  const below = `${path}/sound/card${card}`;
  tree.setFile(`${below}/id`, `${sound.id}\n`);
  tree.setFile(`${below}/number`, `${card}\n`);
  linkTo(tree, `${below}/device`, path);
  linkTo(tree, `/sys/class/sound/card${card}`, below);
  const nodes = [
    `controlC${card}`,
    `hwC${card}D0`,
    `pcmC${card}D0p`,
    ...(sound.capture ? [`pcmC${card}D0c`] : []),
  ];
  for (const node of nodes) {
    linkTo(tree, `${below}/${node}/device`, below);
    linkTo(tree, `/sys/class/sound/${node}`, `${below}/${node}`);
    tree.setFile(`/dev/snd/${node}`, '');
  }
  tree.setLink(`/dev/snd/by-path/pci-${address}`, `../controlC${card}`);
}
