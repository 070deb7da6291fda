import type { Tree } from '../tree.ts';
import { type BoardFunction, boardFunctionPath } from './board.ts';
import { linkTo } from './pci-tree.ts';
import type { SimulatedState } from './state.ts';

/** What a person sits at: the console, its framebuffer, keyboard and pointer; and USB, where nothing is plugged in. */
export function seatTree(tree: Tree, state: SimulatedState): void {
  const { board, boot, kernel } = state;
  const driven = (fn: BoardFunction): boolean => kernel.drivers[fn.address] === (fn.driver?.name ?? null);
  const screen = board.functions.find((fn) => fn.drm !== null && driven(fn));
  for (const path of ['/sys/class/graphics', '/sys/dev/char', '/sys/bus/usb/devices'])
    tree.setDirectory(path);
  consoleFiles(tree, 0, '(S) dummy device', !screen);
  if (screen) {
    const path = boardFunctionPath(board, screen.address);
    consoleFiles(tree, 1, '(M) frame buffer device', true);
    tree.setFile(`${path}/graphics/fb0/name`, `${screen.driver!.name}drmfb\n`);
    linkTo(tree, '/sys/class/graphics/fb0', `${path}/graphics/fb0`);
  }
  const serial = /(?:^| )console=(ttyS\d+)/.exec(boot.commandLine)?.[1];
  tree.setFile('/sys/devices/virtual/tty/console/active', `${serial ?? 'tty0'}\n`);
  linkTo(tree, '/sys/class/tty/console', '/sys/devices/virtual/tty/console');
  const touchpad = board.functions.some((fn) => fn.drm !== null) ? [TOUCHPAD] : [];
  tree.setFile('/proc/bus/input/devices', [POWER_BUTTON, KEYBOARD, ...touchpad].join(''));
  tree.setFile('/proc/iomem', memoryText(state));

  board.functions
    .filter((fn) => fn.class.startsWith('0c03') && driven(fn))
    .forEach((fn, at) => {
      const path = `${boardFunctionPath(board, fn.address)}/usb${at + 1}`;
      tree.setFile(`${path}/bDeviceClass`, '09\n');
      linkTo(tree, `/sys/bus/usb/devices/usb${at + 1}`, path);
    });
}

function consoleFiles(tree: Tree, number: number, name: string, bound: boolean): void {
  const path = `/sys/devices/virtual/vtconsole/vtcon${number}`;
  tree.setFile(`${path}/name`, `${name}\n`);
  tree.setFile(`${path}/bind`, bound ? '1\n' : '0\n');
  linkTo(tree, `/sys/class/vtconsole/vtcon${number}`, path);
}

/** Without the firmware's framebuffer: the graphics driver has taken it over, or there are no graphics. */
function memoryText(state: SimulatedState): string {
  const hex = (place: number): string => place.toString(16).padStart(8, '0');
  const rows = state.board.functions.flatMap((fn) =>
    fn.bars
      .filter((bar) => bar.kind === 'memory')
      .map((bar) => ({ start: bar.start, end: bar.start + bar.bytes - 1, name: fn.address })),
  );
  const lines = rows
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, name }) => `  ${hex(start)}-${hex(end)} : ${name}\n`);
  return `00001000-0009ffff : System RAM\nc0000000-febfffff : PCI Bus 0000:00\n${lines.join('')}`;
}

const POWER_BUTTON = `I: Bus=0019 Vendor=0000 Product=0001 Version=0000
N: Name="Power Button"
P: Phys=LNXPWRBN/button/input0
S: Sysfs=/devices/LNXSYSTM:00/LNXPWRBN:00/input/input1
U: Uniq=
H: Handlers=kbd event1
B: PROP=0
B: EV=3
B: KEY=10000000000000 0

`;
const KEYBOARD = `I: Bus=0011 Vendor=0001 Product=0001 Version=ab41
N: Name="AT Translated Set 2 keyboard"
P: Phys=isa0060/serio0/input0
S: Sysfs=/devices/platform/i8042/serio0/input/input0
U: Uniq=
H: Handlers=sysrq kbd event0 leds
B: PROP=0
B: EV=120013
B: KEY=402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe
B: MSC=10
B: LED=7

`;
const TOUCHPAD = `I: Bus=0011 Vendor=0002 Product=0007 Version=01b1
N: Name="SynPS/2 Synaptics TouchPad"
P: Phys=isa0060/serio1/input0
S: Sysfs=/devices/platform/i8042/serio1/input/input2
U: Uniq=
H: Handlers=mouse0 event2
B: PROP=1
B: EV=b
B: KEY=e520 10000 0 0 0 0
B: ABS=660800011000003

`;
