import { type Answer, answer } from './answer.ts';
import { domainStateText } from './domain-life.ts';
import { domainDevices, nodeRead, nodeText } from './domain-node.ts';
import type { GuestState, SimulatedState } from './state.ts';

export function versionText({ board: { libvirt } }: SimulatedState): string {
  return [
    `Compiled against library: libvirt ${libvirt.version}`,
    `Using library: libvirt ${libvirt.version}`,
    `Using API: QEMU ${libvirt.version}`,
    `Running hypervisor: QEMU ${libvirt.qemu}`,
    '',
  ].join('\n');
}

export function capabilitiesText({ kernel, board }: SimulatedState): string {
  return [
    '<capabilities>',
    '',
    '  <host>',
    '    <cpu>',
    '      <arch>x86_64</arch>',
    `      <model>${board.cpu.flag === 'vmx' ? 'SandyBridge' : 'Opteron_G2'}</model>`,
    '    </cpu>',
    '    <power_management/>',
    // libvirt counts groups too: firmware's word is not enough for it.
    `    <iommu support='${kernel.iommu ? 'yes' : 'no'}'/>`,
    '  </host>',
    '',
    '</capabilities>',
    '',
    '',
  ].join('\n');
}

export function domainInfoText(state: SimulatedState, guest: GuestState): string {
  const xml = nodeRead((guest.live?.xml ?? guest.inactive)!);
  const text = (name: string): string => xml.children.find((c) => c.name === name)?.text ?? '0';
  const rows: [string, string][] = [
    ['Id', guest.live ? String(guest.live.id) : '-'],
    ['Name', guest.name],
    ['UUID', guest.uuid],
    ['OS Type', 'hvm'],
    ['State', domainStateText(state, guest)],
    ['CPU(s)', text('vcpu')],
    ['Max memory', `${text('memory')} KiB`],
    ['Used memory', `${text('currentMemory')} KiB`],
    ['Persistent', guest.inactive === null ? 'no' : 'yes'],
    ['Autostart', guest.autostart ? 'enable' : 'disable'],
    ['Managed save', guest.managedSave ? 'yes' : 'no'],
    ['Security model', state.board.selinux ? 'selinux' : 'none'],
    ['Security DOI', '0'],
  ];
  return rows.map(([name, value]) => `${`${name}:`.padEnd(16)}${value}\n`).join('');
}

/** Running ones first by id, then the others by name; in columns as wide as their widest entry. */
export function domainListText(state: SimulatedState, options: ReadonlySet<string>): Answer {
  const guests = [...state.guests]
    .filter((g) => (options.has('inactive') ? !g.live : options.has('all') || g.live))
    .sort(
      (a, b) =>
        (a.live?.id ?? Number.MAX_VALUE) - (b.live?.id ?? Number.MAX_VALUE) || (a.name < b.name ? -1 : 1),
    );
  if (options.has('uuid')) return answer(guests.map((g) => `${g.uuid}\n`).join(''));
  if (options.has('name')) return answer(guests.map((g) => `${g.name}\n`).join(''));
  const rows = guests.map((g) => [g.live ? String(g.live.id) : '-', g.name, domainStateText(state, g)]);
  const all = [['Id', 'Name', 'State'], ...rows];
  const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    ` ${row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('   ')
      .trimEnd()}\n`;
  const head = `${line(all[0]!)}${'-'.repeat(widths.reduce((sum, w) => sum + w + 3, 0))}\n`;
  // The head is for people: quiet leaves it out.
  return answer(rows.map(line).join(''), 0, '', undefined, '', head);
}

/** Without `--security-info` passwords are left out, and a definition made from that has lost them. */
export function domainXmlText(guest: GuestState, inactive: boolean, secrets: boolean): string {
  const domain = nodeRead(
    (inactive ? (guest.inactive ?? guest.live?.xml) : (guest.live?.xml ?? guest.inactive))!,
  );
  if (!secrets) {
    for (const device of domainDevices(domain).children) {
      if (device.name === 'graphics') device.attributes.delete('passwd');
    }
  }
  return nodeText(domain);
}
