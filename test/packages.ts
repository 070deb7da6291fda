import { programsMissing, rigPackages } from '../rig/packages.ts';

/** What the tests drive besides the rig: libvirt with its schemas, and systemd's own timers. */
const testPackages = [
  { package: 'libvirt-daemon-system', program: 'libvirtd' },
  { package: 'libvirt-clients', program: 'virsh' },
  { package: 'systemd', program: 'systemd-run' },
];

export function packagesMissing(): string[] {
  return programsMissing([...rigPackages, ...testPackages]);
}
