import type { GuestName } from '../guest/guests.ts';
import type { ShapeName } from '../machine/shape.ts';

/** One act that the real machine and the simulated host both know: a vfioctl or a virsh command line. */
export type Act =
  | { readonly vfioctl: readonly string[] }
  | { readonly virsh: readonly string[]; readonly guest?: GuestName; readonly input?: string };

/** A story that is told on both; what is observed after each act must be equal. */
export type Story = {
  readonly name: string;
  readonly shape: ShapeName;
  /** The board of the simulated host that stands for the shape. */
  readonly board: string;
  readonly acts: readonly Act[];
};

const OWN = '01:00.0';

function hostdev(bus: string, slot: string, managed: 'yes' | 'no'): string {
  const source = `<source><address domain='0x0000' bus='0x${bus}' slot='0x${slot}' function='0x0'/></source>`;
  return `<hostdev mode='subsystem' type='pci' managed='${managed}'>${source}</hostdev>`;
}

const lend = (guest: GuestName, device: string): Act => ({ vfioctl: ['assign', device, guest, '--yes'] });
const attach = (guest: GuestName, input: string): Act => ({
  virsh: ['attach-device', 'GUEST', '/dev/stdin', '--config'],
  guest,
  input,
});
const detach = (guest: GuestName, input: string): Act => ({
  virsh: ['detach-device', 'GUEST', '/dev/stdin', '--config'],
  guest,
  input,
});
const start = (guest: GuestName): Act => ({ virsh: ['start', 'GUEST'], guest });
const stop = (guest: GuestName): Act => ({ virsh: ['destroy', 'GUEST'], guest });

/** Refusals, a lend that lasts, wrong orders by virsh while it does, and the way back. */
const refusalsAndLend: Story = {
  name: 'agreement-lend',
  shape: 'intel',
  board: 'rig-intel',
  acts: [
    lend('tone', '00:1f.4'),
    lend('tone', '00:1b.0'),
    lend('tone', '00:05.0'),
    lend('tone', '09:00.0'),
    lend('5', OWN),
    lend('5', OWN),
    start('5'),
    lend('other', OWN),
    { virsh: ['nodedev-detach', 'pci_0000_01_00_0'] },
    { virsh: ['nodedev-reattach', 'pci_0000_01_00_0'] },
    { vfioctl: ['release', OWN, '--yes'] },
    stop('5'),
    { vfioctl: ['release', OWN, '--yes'] },
    { vfioctl: ['undo', '--yes'] },
    { vfioctl: ['undo', '--yes'] },
  ],
};

/** The how-to's own commands, in the right order and in wrong ones. */
const byHand: Story = {
  name: 'agreement-by-hand',
  shape: 'intel',
  board: 'rig-intel',
  acts: [
    { virsh: ['nodedev-detach', 'pci_0000_01_00_0'] },
    { virsh: ['nodedev-detach', 'pci_0000_01_00_0'] },
    { vfioctl: ['release', OWN, '--yes'] },
    { virsh: ['nodedev-detach', 'pci_0000_09_00_0'] },
    attach('other', hostdev('01', '00', 'no')),
    start('other'),
    { virsh: ['nodedev-detach', 'pci_0000_01_00_0'] },
    start('other'),
    lend('tone', OWN),
    stop('other'),
    { virsh: ['nodedev-reattach', 'pci_0000_01_00_0'] },
    detach('other', hostdev('01', '00', 'no')),
    // A shared group whose other function stays on its driver: libvirt rolls back what it manages.
    attach('other', hostdev('00', '1b', 'yes')),
    start('other'),
    detach('other', hostdev('00', '1b', 'yes')),
  ],
};

const withoutIommu: Story = {
  name: 'agreement-no-iommu',
  shape: 'no-iommu',
  board: 'rig-no-iommu',
  acts: [
    lend('tone', OWN),
    { virsh: ['nodedev-detach', 'pci_0000_01_00_0'] },
    attach('other', hostdev('01', '00', 'yes')),
    start('other'),
    detach('other', hostdev('01', '00', 'yes')),
  ],
};

const withoutRemapping: Story = {
  name: 'agreement-no-remapping',
  shape: 'intel-no-remapping',
  board: 'rig-intel-no-remapping',
  acts: [
    lend('tone', OWN),
    { virsh: ['nodedev-detach', 'pci_0000_01_00_0'] },
    { virsh: ['nodedev-reattach', 'pci_0000_01_00_0'] },
    attach('other', hostdev('01', '00', 'yes')),
    start('other'),
    detach('other', hostdev('01', '00', 'yes')),
  ],
};

export const stories: readonly Story[] = [refusalsAndLend, byHand, withoutIommu, withoutRemapping];
