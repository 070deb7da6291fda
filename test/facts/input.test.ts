import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';

/** Blocks as the kernel prints them; constructed, the bitmaps after those of common devices. */

interface Block {
  readonly bus?: string;
  readonly name: string;
  readonly path: string;
  readonly bits: readonly string[];
}

const text = (...blocks: readonly Block[]): string =>
  blocks
    .map(({ bus = '0003', name, path, bits }) =>
      [
        `I: Bus=${bus} Vendor=046d Product=c31c Version=0110`,
        `N: Name="${name}"`,
        'P: Phys=x/input0',
        `S: Sysfs=/devices/${path}`,
        'U: Uniq=',
        'H: Handlers=event3 ',
        'B: PROP=0',
        ...bits.map((line) => `B: ${line}`),
      ].join('\n'),
    )
    .map((block) => `${block}\n\n`)
    .join('');

const XHCI = 'pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0';
const KEYS = ['EV=120013', 'KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe', 'LED=7'];
const MOUSE = ['EV=17', 'KEY=ff0000 0 0 0 0', 'REL=1943'];
const TOUCHPAD = ['EV=b', 'KEY=e520 10000 0 0 0 0', 'ABS=660800011000003'];
const KEYBOARD: Block = { name: 'Logitech USB Keyboard', path: `${XHCI}/0003/input/input6`, bits: KEYS };

const inputOf = (...blocks: readonly Block[]) =>
  collect(constructedHost({ '/proc/bus/input/devices': text(...blocks) }), ['input']);

test('keyboards and pointers with the function that they hang on, PS/2 and I²C included', async () => {
  const { input, gaps } = await inputOf(
    KEYBOARD,
    { name: 'Logitech Mouse', path: `${XHCI}/0004/input/input7`, bits: MOUSE },
    { bus: '0011', name: 'AT keyboard', path: 'platform/i8042/serio0/input/input0', bits: KEYS },
    {
      bus: '0018',
      name: 'ELAN Touchpad',
      path: 'pci0000:00/0000:00:15.1/i2c_designware.1/i2c-2/i2c-ELAN:00/0018/input/input9',
      bits: TOUCHPAD,
    },
    { name: 'QEMU USB Tablet', path: `${XHCI}/input/input8`, bits: ['EV=1f', 'KEY=70000 0 0 0 0', 'ABS=3'] },
  );
  assert.deepEqual(input, [
    { name: 'Logitech USB Keyboard', function: '0000:00:14.0', keyboard: true, pointer: false },
    { name: 'Logitech Mouse', function: '0000:00:14.0', keyboard: false, pointer: true },
    { name: 'AT keyboard', function: null, keyboard: true, pointer: false },
    { name: 'ELAN Touchpad', function: '0000:00:15.1', keyboard: false, pointer: true },
    { name: 'QEMU USB Tablet', function: '0000:00:14.0', keyboard: false, pointer: true },
  ]);
  assert.deepEqual(gaps, []);
});

test('buttons, lids, media keys, gamepads, and what a program made are none', async () => {
  const { input } = await inputOf(
    { name: 'Power Button', path: 'LNXSYSTM:00/input/input1', bits: ['EV=3', 'KEY=10000000000000 0'] },
    { name: 'Lid Switch', path: 'LNXSYSTM:00/input/input2', bits: ['EV=21', 'SW=1'] },
    { name: 'PC Speaker', path: 'platform/pcspkr/input/input3', bits: ['EV=40001', 'SND=6'] },
    {
      name: 'Video Bus',
      path: 'pci0000:00/0000:00:02.0/input/input4',
      bits: ['EV=3', 'KEY=3e000b00000000 0 0 0'],
    },
    {
      name: 'Logitech USB Keyboard Consumer Control',
      path: `${XHCI}/input/input5`,
      bits: ['EV=13', 'KEY=3f000301ff 0 0 483ffff17aff32d bfd4444600000000 1 130ff38b17c000 677bfad9415fed'],
    },
    {
      name: 'Gamepad',
      path: `${XHCI}/input/input6`,
      bits: ['EV=b', 'KEY=7cdb000000000000 0 0 0 0', 'ABS=3'],
    },
    { name: 'ydotoold virtual device', path: 'virtual/input/input20', bits: KEYS },
    { name: 'MCE IR Keyboard/Mouse (ite-cir)', path: 'pnp0/00:04/rc/rc0/input/input19', bits: KEYS },
    { name: 'no bitmap', path: `${XHCI}/input/input21`, bits: [] },
  );
  assert.deepEqual(input, []);
});

const BLUETOOTH: Block = {
  bus: '0005',
  name: 'K380 Keyboard',
  path: 'virtual/misc/uhid/0005:046D:B342.0005/input/input22',
  bits: KEYS,
};
const radio = (name: string, controller = '0000:00:14.0') => ({
  [`/sys/class/bluetooth/${name}`]: `->../../devices/pci0000:00/${controller}/usb1/1-7/1-7:1.0/bluetooth/${name}`,
});

test('a Bluetooth keyboard hangs on what all radios hang on', async () => {
  const files = { '/proc/bus/input/devices': text(BLUETOOTH) };
  const one = await collect(constructedHost({ ...files, ...radio('hci0') }), ['input']);
  assert.deepEqual(
    one.input?.map((device) => device.function),
    ['0000:00:14.0'],
  );
  assert.deepEqual(one.gaps, []);
  const same = await collect(constructedHost({ ...files, ...radio('hci0'), ...radio('hci1') }), ['input']);
  assert.deepEqual([same.input, same.gaps], [one.input, []]);
  const two = await collect(
    constructedHost({ ...files, ...radio('hci0'), ...radio('hci1', '0000:03:00.0') }),
    ['input'],
  );
  assert.deepEqual(
    two.gaps.map((gap) => [gap.fact, gap.subject]),
    [['input.function', 'K380 Keyboard']],
  );
});

test('without the kernel’s list nothing is known of keyboards', async () => {
  const { input, gaps } = await collect(
    constructedHost({ '/proc/bus/input/devices': '!permission denied' }, [], false),
    ['input'],
  );
  assert.equal(input, undefined);
  assert.deepEqual(
    gaps.map((gap) => gap.fact),
    ['input'],
  );
});
