import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';
import type { Snapshot } from './snapshot.ts';

const BUS = '/sys/bus/usb/devices';
const HUB = '09';

/** Devices on USB by their port (`1-4.2`), with the host controller that they hang on. Hubs are left out. */
export function usbFacts(look: Look): Snapshot['usb'] {
  const names = look.list('usb', BUS);
  if (names === undefined) return undefined;
  return (names ?? [])
    .filter((name) => /^\d+-[\d.]+$/.test(name))
    .flatMap((name) => {
      const path = `${BUS}/${name}`;
      if (look.text('usb.classes', `${path}/bDeviceClass`, name) === HUB) return [];
      const target = look.known('usb.function', path, look.host.link(path), name) ?? '';
      // Interfaces stand beside their devices: `1-4.2:1.0`.
      const classes = (names ?? [])
        .filter((other) => other.startsWith(`${name}:`))
        .flatMap((other) => look.text('usb.classes', `${BUS}/${other}/bInterfaceClass`, name) ?? []);
      return [
        {
          name,
          product: look.text('usb.product', `${path}/product`, name) ?? null,
          function: pciPathOwners(target).at(-1) ?? null,
          classes: [...new Set(classes)].sort(),
        },
      ];
    });
}
