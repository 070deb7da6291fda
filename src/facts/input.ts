import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';
import type { Snapshot } from './snapshot.ts';

type InputDevice = NonNullable<Snapshot['input']>[number];

const DEVICES = '/proc/bus/input/devices';

/** By number (linux/input-event-codes.h): the three rows of letters, Q to P, A to L, Z to M. */
const LETTERS = [...span(16, 25), ...span(30, 38), ...span(44, 50)];
const BTN_LEFT = 0x110;
const BTN_TOUCH = 0x14a;
const X_AND_Y = [0, 1];

/**
 * Keyboards and pointers that a person can touch, PS/2 ones included. Buttons of the case, lid, volume keys and the
 * like have no letters; what a program made (uinput) is nobody's keyboard.
 */
export function inputFacts(look: Look): Snapshot['input'] {
  const text = look.text('input', DEVICES);
  if (text === undefined) return undefined;
  return (text ?? '').split(/\n\n+/).flatMap((block) => deviceOf(look, block));
}

function deviceOf(look: Look, block: string): InputDevice[] {
  const field = (pattern: RegExp): string => pattern.exec(block)?.[1] ?? '';
  const bits = (kind: string): ((bit: number) => boolean) =>
    bitmap(field(new RegExp(`^B: ${kind}=(.*)$`, 'm')));
  const [key, rel, abs] = [bits('KEY'), bits('REL'), bits('ABS')];
  const keyboard = LETTERS.every(key);
  const mouse = X_AND_Y.every(rel) && key(BTN_LEFT);
  const pointer = mouse || (X_AND_Y.every(abs) && (key(BTN_TOUCH) || key(BTN_LEFT)));
  if (!keyboard && !pointer) return [];

  const name = field(/^N: Name="(.*)"$/m);
  const path = field(/^S: Sysfs=(.*)$/m);
  // An infrared receiver has the keys of every remote control (drivers/media/rc).
  if (path.includes('/rc/')) return [];
  const made = path.startsWith('/devices/virtual/');
  // BlueZ hands what is connected by Bluetooth back to the kernel through uhid.
  const bluetooth = made && field(/^I: Bus=(\w+)/m) === '0005';
  if (made && !bluetooth) return [];
  const owner = bluetooth ? radioOwner(look, name) : (pciPathOwners(path).at(-1) ?? null);
  return [{ name, function: owner, keyboard, pointer }];
}

/** On what the Bluetooth radios hang; where that differs nobody can tell which of them the device talks to. */
function radioOwner(look: Look, device: string): string | null {
  const base = '/sys/class/bluetooth';
  const radios = (look.list('input.function', base, device) ?? []).filter((name) => /^hci\d+$/.test(name));
  const owners = new Set(
    radios.map((name) => {
      const path = `${base}/${name}`;
      return pciPathOwners(look.known('input.function', path, look.host.link(path), device) ?? '').at(-1);
    }),
  );
  if (owners.size > 1)
    look.gap('input.function', base, 'several Bluetooth radios, and no telling which', device);
  const [owner] = owners;
  return owners.size === 1 ? (owner ?? null) : null;
}

/** Words of 64 bits, the highest first, without leading zeros: `10300 0 30000000` (drivers/input/input.c). */
function bitmap(text: string): (bit: number) => boolean {
  const words = text
    .split(' ')
    .filter((word) => /^[0-9a-f]+$/.test(word))
    .map((word) => BigInt(`0x${word}`))
    .reverse();
  return (bit) => (((words[bit >> 6] ?? 0n) >> BigInt(bit & 63)) & 1n) === 1n;
}

function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
