import type { BoardGuest } from '../board.ts';

interface RigGuest {
  readonly name: string;
  readonly number: number;
  readonly agent: boolean;
  readonly words?: string;
  readonly nature?: Partial<BoardGuest>;
}

/** The rig's guests by name and nature; uuids as there. */
const GUESTS: readonly RigGuest[] = [
  { name: 'tone', number: 1, agent: true },
  { name: 'tone-muted', number: 2, agent: true, words: ' rig.muted', nature: { muted: true } },
  { name: 'plain', number: 3, agent: false },
  // A name that virsh takes for the id of a running guest.
  { name: '5', number: 4, agent: false },
  { name: 'other', number: 5, agent: false },
  {
    name: 'nodriver',
    number: 6,
    agent: true,
    words: ' rig.nodriver',
    nature: { withoutDrivers: ['snd_hda_intel'] },
  },
];

export const rigGuests: readonly BoardGuest[] = GUESTS.map((guest) => ({
  uuid: uuidOf(guest),
  xml: xmlOf(guest),
  agent: guest.agent ? 'runs' : null,
  autostart: false,
  withoutDrivers: [],
  muted: false,
  plays: false,
  ...guest.nature,
}));

function uuidOf({ number }: RigGuest): string {
  return `0a000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** As libvirt completes the rig's definitions: the agent's controller on one root port, and one more kept free. */
function xmlOf(guest: RigGuest): string {
  const { name, agent, words = '' } = guest;
  const port = (
    index: number,
    fn: number,
  ): string => `    <controller type='pci' index='${index}' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='${index}' port='0x${(8 + fn).toString(16)}'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x${fn}'${agent && fn === 0 ? " multifunction='on'" : ''}/>
    </controller>
`;
  const serial = `    <controller type='virtio-serial' index='0'>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </controller>
`;
  const channel = `    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
      <address type='virtio-serial' controller='0' bus='0' port='1'/>
    </channel>
`;
  return `<domain type='kvm'>
  <name>${name}</name>
  <uuid>${uuidOf(guest)}</uuid>
  <memory unit='KiB'>163840</memory>
  <currentMemory unit='KiB'>163840</currentMemory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <kernel>/var/lib/libvirt/images/vmlinux</kernel>
    <initrd>/var/lib/libvirt/images/guest.cpio</initrd>
    <cmdline>console=ttyS0 mitigations=off quiet panic=-1 cryptomgr.notests pci=noearly,lastbus=4${agent ? ' rig.agent' : ''}${words}</cmdline>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid'>qemu64</model>
  </cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' index='0' model='none'/>
    <controller type='sata' index='0'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x1f' function='0x2'/>
    </controller>
    <controller type='pci' index='0' model='pcie-root'/>
${port(1, 0)}${agent ? port(2, 1) + serial : ''}    <serial type='file'>
      <source path='/var/log/libvirt/qemu/${name}.console'/>
      <target type='isa-serial' port='0'>
        <model name='isa-serial'/>
      </target>
    </serial>
    <console type='file'>
      <source path='/var/log/libvirt/qemu/${name}.console'/>
      <target type='serial' port='0'/>
    </console>
${agent ? channel : ''}    <input type='mouse' bus='ps2'/>
    <input type='keyboard' bus='ps2'/>
    <audio id='1' type='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
`;
}
