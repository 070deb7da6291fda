import { escaped } from '../src/edit/xml/document.ts';
import type { BoardGuest } from '../src/host/simulated/board.ts';
import { nodeRead, nodeText } from '../src/host/simulated/domain-node.ts';
import type { Random } from './random.ts';

/** A name that virsh takes for an id, one of several words, marks of a shell, of XML, and none of ASCII. */
const NAMES = [
  'plain',
  '5',
  'two words',
  'a&b<c>',
  "o'brien",
  'x;reboot',
  '$(id)',
  'Gäste',
  '%s%n',
  'win"10',
];

/** Guests that differ in all that an undo must not lose. */
export function guestsMake(random: Random, count: number): BoardGuest[] {
  return random.some(NAMES, count).map((name, i) => {
    const uuid = `70770000-0000-4000-8000-${String(i + 1).padStart(12, '0')}`;
    const nature = random.pick(['runs', 'no-exec', null, null] as const);
    return {
      uuid,
      xml: definition(random, name, uuid),
      agent: nature,
      autostart: random.chance(0.3),
      withoutDrivers: [],
      muted: random.chance(0.2),
      plays: false,
    };
  });
}

function definition(random: Random, name: string, uuid: string): string {
  const q35 = random.chance(0.7);
  const parts = [
    `<name>${escaped(name)}</name><uuid>${uuid}</uuid>`,
    random.chance(0.4) ? `<title>${escaped(`${name} & co`)}</title>` : '',
    random.chance(0.4)
      ? "<metadata><app:info xmlns:app='urn:example:app' version='1'><app:owner>me</app:owner></app:info></metadata>"
      : '',
    "<memory unit='KiB'>131072</memory><currentMemory unit='KiB'>131072</currentMemory>",
    "<vcpu placement='static'>1</vcpu>",
    `<os><type arch='x86_64' machine='${q35 ? 'pc-q35-7.2' : 'pc-i440fx-7.2'}'>hvm</type></os>`,
    "<features><acpi/></features><clock offset='utc'/>",
    `<devices>${devices(random, q35)}</devices>`,
  ];
  // As libvirt would have stored it.
  return nodeText(nodeRead(`<domain type='kvm'>${parts.join('')}</domain>`));
}

function devices(random: Random, q35: boolean): string {
  const ports = q35 ? random.int(6) : 0;
  const port = (_: unknown, i: number): string =>
    `<controller type='pci' index='${i + 1}' model='pcie-root-port'><model name='pcie-root-port'/><target chassis='${i + 1}' port='0x${(8 + i).toString(16)}'/><address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x${i}'${i === 0 && ports > 1 ? " multifunction='on'" : ''}/></controller>`;
  return [
    '<emulator>/usr/bin/qemu-system-x86_64</emulator>',
    `<controller type='pci' index='0' model='${q35 ? 'pcie-root' : 'pci-root'}'/>`,
    ...Array.from({ length: ports }, port),
    "<input type='keyboard' bus='ps2'/>",
    random.chance(0.6)
      ? `<graphics type='vnc' port='-1' autoport='yes' passwd='${random.pick(['geheim', 'a&amp;b', '  '])}'/>`
      : '',
    "<memballoon model='none'/>",
  ].join('');
}
