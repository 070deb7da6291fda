/** A guest that the rig's machine has defined from the start, without any host device. */
export type Guest = {
  readonly name: string;
  /** Fixed, so that a guest called `5` is never taken for the running guest with id 5. */
  readonly uuid: string;
  readonly agent: boolean;
  /** Words for guest/init.sh. */
  readonly words: readonly string[];
};

export const guests: readonly Guest[] = [
  // Plays when told through the agent; the mixer is open.
  { name: 'tone', uuid: '0a000000-0000-4000-8000-000000000001', agent: true, words: [] },
  // Plays when told, but the mixer is muted, as a codec comes up from power: everything works and nothing is heard.
  { name: 'tone-muted', uuid: '0a000000-0000-4000-8000-000000000002', agent: true, words: ['muted'] },
  // No agent: what happens inside cannot be seen from outside.
  { name: 'plain', uuid: '0a000000-0000-4000-8000-000000000003', agent: false, words: [] },
  // A name that libvirt's tools take for a domain id.
  { name: '5', uuid: '0a000000-0000-4000-8000-000000000004', agent: false, words: [] },
  // A second holder of a card.
  { name: 'other', uuid: '0a000000-0000-4000-8000-000000000005', agent: false, words: [] },
  // Sees the card and has no driver for it.
  { name: 'nodriver', uuid: '0a000000-0000-4000-8000-000000000006', agent: true, words: ['nodriver'] },
];

export type GuestName = 'tone' | 'tone-muted' | 'plain' | '5' | 'other' | 'nodriver';

/** Where the image keeps what the guests boot. */
export const guestFiles = {
  kernel: '/var/lib/libvirt/images/vmlinux',
  initramfs: '/var/lib/libvirt/images/guest.cpio',
} as const;

/**
 * What makes a guest quick under an emulated processor: `pci=noearly` skips the AGP aperture scan of AMD processors
 * (3.3 s), `lastbus` the scan for peer buses (1.3 s). `panic=-1` turns a guest's panic into an end that is seen.
 */
const kernelWords = [
  'console=ttyS0',
  'mitigations=off',
  'quiet',
  'panic=-1',
  'cryptomgr.notests',
  'pci=noearly,lastbus=4',
];

export function guestXml(guest: Guest): string {
  const words = [
    ...kernelWords,
    ...(guest.agent ? ['rig.agent'] : []),
    ...guest.words.map((word) => `rig.${word}`),
  ];
  const channel = guest.agent
    ? `\n    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>`
    : '';
  // 160 MiB: vfio pins all of it, 1.5 s per 100 MiB here; with 112 MiB the initramfs does not fit.
  return `<domain type='kvm'>
  <name>${guest.name}</name>
  <uuid>${guest.uuid}</uuid>
  <memory unit='MiB'>160</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>${guestFiles.kernel}</kernel>
    <initrd>${guestFiles.initramfs}</initrd>
    <cmdline>${words.join(' ')}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <serial type='file'><source path='/var/log/libvirt/qemu/${guest.name}.console'/><target type='isa-serial' port='0'/></serial>${channel}
    <memballoon model='none'/>
  </devices>
</domain>
`;
}
