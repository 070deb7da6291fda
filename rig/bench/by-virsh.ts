import type { Bench } from './bench.ts';
import type { GuestAtHand } from './guest-at-hand.ts';

/** Lends the card that is alone in its group with virsh, as a person would, into the definition only. */
export async function attachByVirsh(bench: Bench, guest: GuestAtHand, managed: 'yes' | 'no'): Promise<void> {
  await bench.sh(
    [
      ...(managed === 'no' ? ['virsh -q nodedev-detach pci_0000_01_00_0'] : []),
      'cat > /tmp/hostdev.xml << END',
      `<hostdev mode='subsystem' type='pci' managed='${managed}'>`,
      `  <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>`,
      '</hostdev>',
      'END',
      `virsh -q attach-device ${guest.uuid} /tmp/hostdev.xml --config`,
    ].join('\n'),
  );
}

/** Puts an old definition back, root ports and all: detach-device leaves those behind that libvirt had added. */
export async function defineAgain(bench: Bench, xml: string): Promise<void> {
  await bench.sh(`cat > /tmp/definition.xml << 'END'\n${xml}\nEND\nvirsh -q define /tmp/definition.xml`);
}
