import type { Host } from '../host/host.ts';

/** The driver that holds a function now, read from its link: null when none does. */
export function driverOf(host: Host, address: string): string | null {
  const link = host.link(`/sys/bus/pci/devices/${address}/driver`);
  return link.state === 'read' ? (link.value.split('/').at(-1) ?? null) : null;
}

/**
 * vfio-pci itself, and the vendors' variant drivers, whose modules are named `*-vfio-pci` or `*_vfio_pci`
 * (mlx5_vfio_pci, hisi_acc_vfio_pci, nvgrace_gpu_vfio_pci): a group with them is viable.
 */
export function driverIsVfio(driver: string): boolean {
  return /(^|[-_])vfio[-_]pci$/.test(driver);
}
