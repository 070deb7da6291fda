import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';

/** What the host's own screen stands on; all constructed. */

const GPU = '/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0';
const SECOND = '/sys/devices/pci0000:00/0000:00:02.0';
const CONSOLE = {
  '/proc/cmdline': 'ro quiet\n',
  '/sys/class/vtconsole/vtcon0/name': '(S) dummy device\n',
  '/sys/class/vtconsole/vtcon0/bind': '0\n',
  '/sys/class/vtconsole/vtcon1/name': '(M) frame buffer device\n',
  '/sys/class/vtconsole/vtcon1/bind': '1\n',
};
const framebuffer = (name: string, device: string, driver: string) => ({
  [`/sys/class/graphics/${name}`]: `->../..${device.slice('/sys'.length)}/graphics/${name}`,
  [`${device}/graphics/${name}/name`]: `${driver}\n`,
});
const TWO = { ...framebuffer('fb1', GPU, 'amdgpudrmfb'), ...framebuffer('fb0', SECOND, 'i915drmfb') };

async function consoleOf(files: Record<string, string>, root = true) {
  return collect(constructedHost(files, [], root), ['console']);
}

test('the text console is on the first framebuffer, and on no other', async () => {
  const { console, gaps } = await consoleOf({ ...CONSOLE, ...TWO, '/sys/class/graphics/fbcon': '->x' });
  assert.deepEqual(console, {
    framebuffers: [
      { name: 'fb0', driver: 'i915drmfb', function: '0000:00:02.0', console: true },
      { name: 'fb1', driver: 'amdgpudrmfb', function: '0000:01:00.0', console: false },
    ],
    memory: [],
  });
  assert.deepEqual(gaps, []);
});

test('the command line may spread the consoles over the framebuffers', async () => {
  const words = (text: string) => ({ ...CONSOLE, ...TWO, '/proc/cmdline': `${text}\n` });
  const shown = async (text: string) =>
    (await consoleOf(words(text))).console?.framebuffers.map((fb) => fb.console);
  assert.deepEqual(await shown('ro fbcon=map:01 quiet'), [true, true]);
  assert.deepEqual(await shown('fbcon=nodefer,map:1'), [true, true]);
  assert.deepEqual(await shown('nofbcon=map:1'), [true, false]);
});

test('without a bound framebuffer console none shows it', async () => {
  const { console } = await consoleOf({ ...CONSOLE, ...TWO, '/sys/class/vtconsole/vtcon1/bind': '0\n' });
  assert.deepEqual(
    console?.framebuffers.map((fb) => fb.console),
    [false, false],
  );
});

test('a console whose driver cannot be read leaves the whole section unread', async () => {
  const { console, gaps } = await consoleOf({
    ...CONSOLE,
    ...TWO,
    '/sys/class/vtconsole/vtcon1/bind': '!permission denied',
  });
  assert.equal(console, undefined);
  assert.deepEqual(
    gaps.map((gap) => [gap.fact, gap.why]),
    [['console', 'permission denied']],
  );
});

const IOMEM = `00001000-0009ffff : System RAM
c0000000-febfffff : PCI Bus 0000:00
  d0000000-efffffff : PCI Bus 0000:01
    d0000000-dfffffff : 0000:01:00.0
      d0000000-d12fffff : BOOTFB
        d0000000-d0ffffff : simpledrm
    e0000000-e000ffff : 0000:01:00.0
  f2520000-f2523fff : 0000:00:1b.0
    f2520000-f2523fff : ICH HD audio
fec00000-fec003ff : IOAPIC 0
`;

test('the firmware’s framebuffer belongs to the function in whose memory it lies, and is named once', async () => {
  const platform = '/sys/devices/platform/simple-framebuffer.0';
  const { console } = await consoleOf({
    ...CONSOLE,
    ...framebuffer('fb0', platform, 'simpledrmdrmfb'),
    '/proc/iomem': IOMEM,
  });
  assert.deepEqual(console, {
    framebuffers: [{ name: 'fb0', driver: 'simpledrmdrmfb', function: null, console: true }],
    memory: [{ name: 'BOOTFB', start: '0xd0000000', end: '0xd12fffff', function: '0000:01:00.0' }],
  });
});

test('each name that a firmware framebuffer goes by, and one outside of every function', async () => {
  for (const name of ['efifb', 'vesafb', 'simplefb', 'simpledrm', 'efidrm', 'simple-framebuffer.0']) {
    const { console } = await consoleOf({ ...CONSOLE, '/proc/iomem': IOMEM.replace('BOOTFB', name) });
    assert.deepEqual(
      console?.memory?.map((claim) => [claim.name, claim.function]),
      [[name, '0000:01:00.0']],
    );
  }
  const { console } = await consoleOf({
    ...CONSOLE,
    '/proc/iomem': '000a0000-000bffff : Video RAM area\n80000000-807fffff : efifb\n',
  });
  assert.deepEqual(
    console?.memory?.map((claim) => [claim.name, claim.function]),
    [['efifb', null]],
  );
});

test('addresses that are hidden from users are a gap, and no empty list', async () => {
  const hidden = IOMEM.replace(/[0-9a-f]{8}/g, '00000000');
  const { console, gaps } = await consoleOf({ ...CONSOLE, '/proc/iomem': hidden }, false);
  assert.ok(console && !('memory' in console));
  assert.deepEqual(
    gaps.map((gap) => [gap.fact, gap.path, gap.why]),
    [['console.memory', '/proc/iomem', 'addresses are hidden without root']],
  );
});
