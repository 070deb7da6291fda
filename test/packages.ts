import { programsMissing, rigPackages } from '../rig/packages.ts';

/** What the tests drive besides the rig: libvirt with its schemas, and the names of PCI devices. */
const testPackages = [
  { package: 'libvirt-daemon-system', program: 'libvirtd' },
  { package: 'libvirt-clients', program: 'virsh' },
];

export function packagesMissing(): string[] {
  return programsMissing([...rigPackages, ...testPackages]);
}
