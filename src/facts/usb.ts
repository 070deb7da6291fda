import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

export function usbFacts(_look: Look): Snapshot['usb'] {
  return undefined;
}
