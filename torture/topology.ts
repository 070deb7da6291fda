import { type Board, type BoardFunction, boardFunction } from '../src/host/simulated/board.ts';
import { i7_2620m } from '../src/host/simulated/boards/i7-2620m.ts';
import { rigBoard, rigShapes } from '../src/host/simulated/boards/rig.ts';
import { guestsMake } from './guests.ts';
import type { Random } from './random.ts';

/** The machines that are built on: Intel's and AMD's IOMMU, and a Fedora whose IOMMU is on, or still off. */
const BASES = ['rig-intel', 'rig-amd', 'fedora'] as const;

interface Place {
  readonly address: string;
  readonly behind: string | null;
  readonly group: number;
  readonly pcie: BoardFunction['pcie'];
}

type Nature = Partial<BoardFunction> & Pick<BoardFunction, 'device' | 'class' | 'name'>;

/** What can be lent: mostly sound, and of every other kind something that the host can do without. */
const NATURES: readonly ((index: number) => Nature)[] = [
  soundCard,
  soundCard,
  soundCard,
  (index) => ({
    device: '10d3',
    class: '020000',
    name: 'Network Connection',
    driver: { name: 'e1000e', module: 'e1000e' },
    network: {
      name: `ens${index}`,
      mac: `52:54:00:00:00:${String(index).padStart(2, '0')}`,
      up: false,
      carrier: false,
      defaultRoute: false,
    },
  }),
  () => ({ device: '0953', class: '010802', name: 'NVMe SSD', driver: { name: 'nvme', module: 'nvme' } }),
  () => ({ device: '1533', class: '110100', name: 'Signal processor' }),
];

/** A machine with cards in every kind of place: alone, many functions to a device, behind a port, in one group with others. */
export function topologyMake(random: Random, iommu: 'on' | 'off'): Board {
  const base = iommu === 'off' ? 'fedora' : random.pick(BASES);
  const board = base === 'fedora' ? fedora(iommu) : rigBoard(rigShapes.find((s) => s.name === base)!);
  const kept = board.functions.filter((f) => f.sound === null);
  return {
    ...board,
    name: `torture-${base}`,
    source: 'constructed from a seed',
    functions: [...kept, ...functionsMake(random)],
    guests: guestsMake(random, 1 + random.int(3)),
  };
}

function fedora(iommu: 'on' | 'off'): Board {
  const { kernel } = i7_2620m;
  const words = iommu === 'on' ? `${kernel.arguments} intel_iommu=on` : kernel.arguments;
  return { ...i7_2620m, kernel: { ...kernel, arguments: words } };
}

function functionsMake(random: Random): BoardFunction[] {
  const functions: BoardFunction[] = [];
  let group = 40;
  let bus = 0x20;
  const devices = 1 + random.int(3);
  for (let device = 0; device < devices; device += 1) {
    const slot = (0x0a + device).toString(16).padStart(2, '0');
    const shape = random.pick(['alone', 'alone', 'functions', 'port', 'bridge'] as const);
    group += 1;
    const places: Place[] = [];
    if (shape === 'alone' || shape === 'functions') {
      const pcie = random.chance(0.5) ? 'integrated-endpoint' : null;
      const count = shape === 'alone' ? 1 : 2 + random.int(2);
      for (let fn = 0; fn < count; fn += 1)
        places.push({ address: `0000:00:${slot}.${fn}`, behind: null, group, pcie });
    } else {
      const above = `0000:00:${slot}.0`;
      bus += 1;
      const express = shape === 'port';
      functions.push(bridge(above, bus, group, express));
      // A port without ACS, and every conventional bridge, holds all that is below it in one group.
      const together = !express || random.chance(0.3);
      const count = express ? 1 : 1 + random.int(2);
      for (let below = 0; below < count; below += 1) {
        if (!together) group += 1;
        const address = `0000:${bus.toString(16)}:0${below}.0`;
        places.push({ address, behind: above, group, pcie: express ? 'endpoint' : null });
      }
    }
    for (const place of places) functions.push(endpoint(random, place, functions.length));
  }
  return functions;
}

function bridge(address: string, secondaryBus: number, group: number, express: boolean): BoardFunction {
  return boardFunction({
    address,
    vendor: '1b36',
    device: express ? '000c' : '0001',
    class: '060400',
    name: express ? 'PCI Express root port' : 'PCI bridge',
    group,
    secondaryBus,
    pcie: express ? 'root-port' : null,
    driver: express ? { name: 'pcieport', module: null } : null,
  });
}

function endpoint(random: Random, { address, behind, group, pcie }: Place, index: number): BoardFunction {
  return boardFunction({
    address,
    behind,
    group,
    pcie,
    vendor: '8086',
    pin: 1,
    flr: pcie !== null,
    pm: random.chance(0.5),
    resetMethods: [random.pick(['flr', 'pm', 'bus'])],
    bars: [{ index: 0, start: 0xd0000000 + index * 0x10000, bytes: 0x4000, kind: 'memory' }],
    ...random.pick(NATURES)(index),
  });
}

function soundCard(): Nature {
  return {
    device: '293e',
    class: '040300',
    name: 'HD Audio Controller',
    driver: { name: 'snd_hda_intel', module: 'snd_hda_intel' },
    sound: {
      id: 'Intel',
      name: 'HDA Intel',
      codec: { module: 'generic', chip: 'Generic', pin: '0x3', out: 'line' },
      capture: true,
    },
  };
}
