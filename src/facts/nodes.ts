import { holdersOf } from './holders.ts';
import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';
import type { Snapshot } from './snapshot.ts';

interface Node {
  readonly path: string;
  readonly function: string;
}

const CHAR = '/sys/dev/char';
const NVIDIA = '/proc/driver/nvidia/gpus';
const KFD = '/sys/class/kfd/kfd/topology/nodes';

const VFIO = '/dev/vfio';
const GROUPS = '/sys/kernel/iommu_groups';

/** Nodes that other facts tell of: graphics, sound, keyboards and their like. */
const ELSEWHERE = /\/(drm|sound|input|hidraw)\//;

/**
 * Character devices of PCI functions that somebody has open: video, serial ports, tapes, IPMI, clocks, USB devices,
 * vfio's, NVIDIA's and AMD's own. Where processes are hidden, also those of which nobody can say.
 */
export function nodeFacts(look: Look): Snapshot['nodes'] {
  const nodes = charNodes(look);
  if (!nodes) return undefined;
  const consoles = (look.text('nodes', '/sys/class/tty/console/active') ?? '').split(' ');
  return [...nodes, ...vfioNodes(look), ...nvidiaNodes(look), ...kfdNodes(look)].flatMap((node) => {
    const { path } = node;
    // The kernel writes to its serial console without any process.
    const kernel = consoles.includes(path.slice('/dev/'.length))
      ? [{ pid: 0, command: 'kernel console', path }]
      : [];
    const seen = holdersOf(look, [path]);
    if (typeof seen !== 'string') {
      const openBy = [...kernel, ...seen];
      return openBy.length > 0 ? [{ ...node, openBy }] : [];
    }
    if (kernel.length > 0) return [{ ...node, openBy: kernel }];
    look.gap('nodes.openBy', '/proc/PID/fd', seen, path);
    return [node];
  });
}

/** By number below /sys/dev/char; the name below /dev is what the kernel told udev. */
function charNodes(look: Look): Node[] | undefined {
  const numbers = look.list('nodes', CHAR);
  if (numbers === undefined) return undefined;
  return (numbers ?? []).flatMap((number) => {
    const path = `${CHAR}/${number}`;
    const target = look.known('nodes.function', path, look.host.link(path), number) ?? '';
    const owner = pciPathOwners(target).at(-1);
    if (owner === undefined || ELSEWHERE.test(target)) return [];
    const name = /^DEVNAME=(.*)$/m.exec(look.text('nodes.function', `${path}/uevent`, number) ?? '')?.[1];
    return name === undefined ? [] : [{ path: `/dev/${name}`, function: owner }];
  });
}

/**
 * The node of an IOMMU group leads to every function in it: one that a program drives without libvirt's knowledge, and
 * one on which a mediated device (mdev) is made, which hangs below its parent and is in a group of its own.
 */
function vfioNodes(look: Look): Node[] {
  const names = look.list('nodes.function', VFIO) ?? [];
  return names
    .filter((name) => /^(noiommu-)?\d+$/.test(name))
    .flatMap((name) => {
      const devices = `${GROUPS}/${name.replace('noiommu-', '')}/devices`;
      return (look.list('nodes.function', devices, name) ?? []).flatMap((device) => {
        const path = `${devices}/${device}`;
        const target = look.known('nodes.function', path, look.host.link(path), name) ?? '';
        const owner = pciPathOwners(target).at(-1);
        return owner === undefined ? [] : [{ path: `${VFIO}/${name}`, function: owner }];
      });
    });
}

/** NVIDIA's driver keeps its nodes out of sysfs, and says by itself which is whose. */
function nvidiaNodes(look: Look): Node[] {
  return (look.list('nodes.function', NVIDIA) ?? []).flatMap((name) => {
    const path = `${NVIDIA}/${name}/information`;
    const address = name.toLowerCase();
    const text = look.text('nodes.function', path, address);
    if (text == null) return [];
    const minor = /^Device Minor:\s*(\d+)/m.exec(text)?.[1];
    if (minor !== undefined) return [{ path: `/dev/nvidia${minor}`, function: address }];
    look.gap('nodes.openBy', path, 'it does not say which /dev/nvidia it is', address);
    return [];
  });
}

/** One node computes on all of AMD's GPUs. `location_id` is bus, device and function in one number. */
function kfdNodes(look: Look): Node[] {
  return (look.list('nodes.function', KFD) ?? []).flatMap((node) => {
    const text = look.text('nodes.function', `${KFD}/${node}/properties`, `kfd ${node}`) ?? '';
    const value = (key: string): number => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    // Processors are nodes too, without SIMD units.
    if (value('simd_count') === 0) return [];
    const [domain, place] = [value('domain'), value('location_id')];
    const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');
    const address = `${hex(domain, 4)}:${hex(place >> 8, 2)}:${hex((place >> 3) & 31, 2)}.${place & 7}`;
    return [{ path: '/dev/kfd', function: address }];
  });
}
