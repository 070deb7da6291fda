import type { HostModel } from '../model/model.ts';
import type { GuestAutostartStep, GuestRef } from './step.ts';

/** The guest starts with the host from now on, or does not: the brake, and its release. */
export function autostartStep(guest: GuestRef, on: boolean): GuestAutostartStep {
  return {
    id: `guest-autostart ${on ? 'on' : 'off'}`,
    kind: 'guest-autostart',
    target: { guest },
    before: { on: !on },
    after: { on },
  };
}

/**
 * What to type at the boot menu when a lend keeps the host from coming up. The kernel refuses to load what
 * `module_blacklist=` names, wherever it is asked from; the drivers for single devices that libvirt may prefer need
 * vfio_pci_core. What is built in cannot be kept out, so libvirt is: systemd masks a unit for one boot.
 */
export function rescueArgument(model: HostModel): string {
  return model.snapshot.modules?.vfioPci === 'built-in'
    ? 'systemd.mask=libvirtd.service systemd.mask=virtqemud.service'
    : 'module_blacklist=vfio_pci,vfio_pci_core';
}
