import { addressCompare } from '../../model/address.ts';
import { Tree } from '../tree.ts';
import { type BoardFunction, boardFunctionAt } from './board.ts';
import { deviceAddress, domainDevices, hostdevSource, type Node, nodeRead } from './domain-node.ts';
import { guestDriver, guestInterrupts, guestPlayingSince } from './guest-life.ts';
import type { GuestState, SimulatedState } from './state.ts';

/** A function as the guest has it: its own address, and where it is on the host if it was lent. */
export interface GuestFunction {
  readonly address: string;
  readonly source: string | null;
  readonly vendor: string;
  readonly device: string;
  readonly class: string;
  readonly driver: string | null;
  readonly fn: BoardFunction | null;
}

/** What QEMU makes of the devices of a definition, by element and model. */
const EMULATED: Readonly<Record<string, readonly [id: string, pciClass: string, driver: string]>> = {
  'pcie-root-port': ['1b36:000c', '060400', 'pcieport'],
  'pcie-to-pci-bridge': ['1b36:000e', '060400', 'shpchp'],
  interface: ['1af4:1041', '020000', 'virtio-pci'],
  disk: ['1af4:1042', '010000', 'virtio-pci'],
  'virtio-serial': ['1af4:1043', '078000', 'virtio-pci'],
  memballoon: ['1af4:1045', '00ff00', 'virtio-pci'],
  video: ['1b36:0100', '030000', 'qxl'],
};

/** The guest's PCI functions, in address order. libvirt's bus numbers are the guest's here, as in the recorded ones. */
export function guestFunctions(state: SimulatedState, guest: GuestState): GuestFunction[] {
  const domain = nodeRead(guest.live!.xml);
  const bridge = guest.live!.xml.includes("model='pcie-root'") ? '29c0' : '1237';
  const host = {
    address: '0000:00:00.0',
    source: null,
    vendor: '8086',
    device: bridge,
    class: '060000',
    driver: null,
    fn: null,
  };
  const rest = domainDevices(domain).children.flatMap((device): GuestFunction[] => {
    const address = deviceAddress(device);
    if (address === null) return [];
    const source = hostdevSource(device);
    if (source !== null) return lent(state, guest, address, source);
    const emulated = EMULATED[modelOf(device)];
    if (!emulated) return [];
    const [vendor = '', id = ''] = emulated[0].split(':');
    return [{ address, source, vendor, device: id, class: emulated[1], driver: emulated[2], fn: null }];
  });
  return [host, ...rest].sort((a, b) => addressCompare(a.address, b.address));
}

function modelOf(device: Node): string {
  if (device.name !== 'controller') return device.name;
  return device.attributes.get('model') ?? device.attributes.get('type') ?? '';
}

function lent(state: SimulatedState, guest: GuestState, address: string, source: string): GuestFunction[] {
  const fn = boardFunctionAt(state.board, source);
  if (!fn) return [];
  const [vendor = fn.vendor, device = fn.device] = state.board.breakage.wrongFunction?.split(':') ?? [];
  return [
    { address, source, vendor, device, class: fn.class, driver: guestDriver(state, guest, source), fn },
  ];
}

/** Cards in the order in which the guest's driver found them. */
export function guestCards(state: SimulatedState, guest: GuestState): GuestFunction[] {
  return guestFunctions(state, guest).filter((f) => f.fn?.sound && f.driver === 'snd_hda_intel');
}

const FIRST_MSI = 24;

/** The part of the guest's file system that says what became of what was lent to it. */
export function guestTree(state: SimulatedState, guest: GuestState): Tree {
  const tree = new Tree();
  tree.setDirectory('/');
  for (const path of ['/sys/class/sound', '/sys/bus/pci/devices', '/proc/asound', '/dev'])
    tree.setDirectory(path);
  const functions = guestFunctions(state, guest);
  const cards = guestCards(state, guest);
  const interrupts: string[] = [' 0:         90   IO-APIC   2-edge      timer'];
  functions.forEach((f, i) => {
    const path = `/sys/devices/pci0000:00/${f.address}`;
    const put = (name: string, text: string): void => tree.setFile(`${path}/${name}`, `${text}\n`);
    put('vendor', `0x${f.vendor}`);
    put('device', `0x${f.device}`);
    put('class', `0x${f.class}`);
    put('revision', `0x${f.fn?.revision ?? '01'}`);
    const irq = f.fn && !f.fn.guestMsi ? 10 : FIRST_MSI + i;
    put('irq', String(f.driver === null ? 0 : irq));
    tree.setLink(`/sys/bus/pci/devices/${f.address}`, `../../../devices/pci0000:00/${f.address}`);
    if (f.driver === null) return;
    tree.setDirectory(`/sys/bus/pci/drivers/${f.driver}`);
    tree.setLink(`${path}/driver`, `../../../bus/pci/drivers/${f.driver}`);
    if (!f.fn || f.source === null) return;
    if (f.fn.guestMsi) put(`msi_irqs/${irq}`, 'msi');
    const chip = f.fn.guestMsi ? 'PCI-MSI 65536-edge' : 'IO-APIC  10-fasteoi';
    const name = f.fn.sound
      ? `snd_hda_intel:card${cards.indexOf(cards.find((c) => c.address === f.address)!)}`
      : f.driver;
    interrupts.push(
      `${irq}: ${String(guestInterrupts(state, guest, f.source)).padStart(10)}   ${chip}      ${name}`,
    );
  });
  tree.setFile(
    '/proc/interrupts',
    `           CPU0\n${interrupts.map((line) => line.padStart(4)).join('\n')}\n`,
  );
  cards.forEach((card, number) => {
    cardTree(tree, state, guest, card, number);
  });
  tree.setFile('/proc/asound/cards', cardsText(cards));
  for (const process of guest.live!.processes) {
    if (state.clock < process.endsAt) tree.setFile(`/proc/${process.pid}/comm`, `${process.argv[0]}\n`);
  }
  return tree;
}

function cardTree(
  tree: Tree,
  state: SimulatedState,
  guest: GuestState,
  card: GuestFunction,
  number: number,
): void {
  const below = `/sys/devices/pci0000:00/${card.address}/sound/card${number}`;
  tree.setLink(`${below}/device`, `../../../${card.address}`);
  tree.setLink(
    `/sys/class/sound/card${number}`,
    `../../devices/pci0000:00/${card.address}/sound/card${number}`,
  );
  for (const node of [`controlC${number}`, `pcmC${number}D0p`]) {
    tree.setDirectory(`${below}/${node}`);
    tree.setLink(
      `/sys/class/sound/${node}`,
      `../../devices/pci0000:00/${card.address}/sound/card${number}/${node}`,
    );
    tree.setFile(`/dev/snd/${node}`, '');
  }
  const since = guestPlayingSince(state, guest, card.source!);
  tree.setFile(
    `/proc/asound/card${number}/pcm0p/sub0/status`,
    since === null ? 'closed\n' : statusText(state, guest, card, since),
  );
}

/** 48 frames a millisecond; without interrupts no period ever ends, and the pointer stands. */
function statusText(state: SimulatedState, guest: GuestState, card: GuestFunction, since: number): string {
  const frames = state.board.breakage.noInterrupts ? 0 : (state.clock - since) * 48;
  const owner =
    guest.live!.processes.find((p) => p.plays === card.source && state.clock < p.endsAt)?.pid ?? 700;
  return [
    'state: RUNNING',
    `owner_pid   : ${owner}`,
    `trigger_time: ${(since / 1000).toFixed(9)}`,
    'tstamp      : 0.000000000',
    'delay       : 22050',
    'avail       : 512',
    'avail_max   : 1024',
    '-----',
    `hw_ptr      : ${frames}`,
    `appl_ptr    : ${frames + 22050}`,
    '',
  ].join('\n');
}

function cardsText(cards: readonly GuestFunction[]): string {
  if (cards.length === 0) return '--- no soundcards ---\n';
  return cards
    .map(({ fn }, number) => {
      const id = (number === 0 ? fn!.sound!.id : `${fn!.sound!.id}_${number}`).padEnd(15);
      return `${String(number).padStart(2)} [${id}]: HDA-Intel - ${fn!.sound!.name}\n${' '.repeat(22)}${fn!.sound!.name}\n`;
    })
    .join('');
}
