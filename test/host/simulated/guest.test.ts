import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attached, driver, fails, inGuest, interruptsOf, machine, startedUp, virshQuiet } from './machine.ts';

const OWN = '0000:01:00.0';
const AT = '0000:03:01.0';
const STATUS = '/proc/asound/card0/pcm0p/sub0/status';

async function lent(guest: string): Promise<ReturnType<typeof machine>> {
  const host = machine('rig-intel');
  await attached(host, guest, OWN);
  await startedUp(host, guest);
  return host;
}

test('the guest finds its card by the device that it hangs on', async () => {
  const host = await lent('tone');
  assert.equal(
    (await inGuest(host, 'tone', 'ls', '/sys/class/sound')).stdout,
    'card0\ncontrolC0\npcmC0D0p\n',
  );
  const path = (await inGuest(host, 'tone', 'readlink', '-f', '/sys/class/sound/card0/device')).stdout;
  assert.equal(path, `/sys/devices/pci0000:00/${AT}\n`);
  const irq = (await inGuest(host, 'tone', 'ls', `/sys/bus/pci/devices/${AT}/msi_irqs`)).stdout.trim();
  const line = (await inGuest(host, 'tone', 'grep', `${irq}:`, '/proc/interrupts')).stdout;
  assert.match(line, /PCI-MSI.* {2,}snd_hda_intel:card0$/m);
  assert.equal((await inGuest(host, 'tone', 'test', '-e', '/dev/snd/pcmC0D0p')).code, 0);
  const lspci = (await inGuest(host, 'tone', 'lspci', '-nnk')).stdout;
  assert.match(lspci, /^03:01\.0 .*\[8086:293e\]\n\tKernel driver in use: snd_hda_intel$/m);
});

test('files are read many at once, as grep writes them, and what is missing is left out', async () => {
  const host = await lent('tone');
  const base = `/sys/bus/pci/devices/${AT}`;
  const { stdout, code } = await inGuest(
    host,
    'tone',
    'grep',
    '-sH',
    '',
    `${base}/vendor`,
    `${base}/none`,
    `${base}/class`,
  );
  assert.deepEqual([stdout, code], [`${base}/vendor:0x8086\n${base}/class:0x040300\n`, 0]);
  assert.equal((await inGuest(host, 'tone', 'cat', '/none')).code, 1);
});

test('the pointer moves while something plays, and counts rise on both sides', async () => {
  const host = await lent('tone');
  assert.equal((await inGuest(host, 'tone', 'cat', STATUS)).stdout, 'closed\n');
  const before = interruptsOf(host, `vfio-msi[0](${OWN})`)!;
  const exec = {
    execute: 'guest-exec',
    arguments: { path: 'aplay', arg: ['-D', 'plughw:0,0', '-d', '4', '/dev/zero'] },
  };
  await virshQuiet(host, ['qemu-agent-command', 'tone', JSON.stringify(exec)]);
  const pointer = async (): Promise<number> =>
    Number(/^hw_ptr\s*: (\d+)$/m.exec((await inGuest(host, 'tone', 'cat', STATUS)).stdout)?.[1]);
  const first = await pointer();
  await host.sleep(500);
  assert.ok((await pointer()) >= first + 24_000);
  assert.match(
    (await inGuest(host, 'tone', 'aplay', '-D', 'hw:0,0', '/dev/zero')).stderr,
    /Device or resource busy/,
  );
  await host.sleep(5_000);
  assert.equal((await inGuest(host, 'tone', 'cat', STATUS)).stdout, 'closed\n');
  const after = interruptsOf(host, `vfio-msi[0](${OWN})`)!;
  assert.equal(after - before, 40);
  const line = (await inGuest(host, 'tone', 'grep', 'snd_hda_intel', '/proc/interrupts')).stdout;
  assert.equal(Number(line.trim().split(/\s+/)[1]), after);
});

test('the mixer is open, or muted as a codec comes up, and can be set both ways', async () => {
  const host = await lent('tone-muted');
  const amixer = async (...args: string[]): Promise<string> =>
    (await inGuest(host, 'tone-muted', 'amixer', ...args)).stdout;
  assert.match(
    await amixer('-D', 'hw:0', 'contents'),
    /name='Master Playback Switch'\n {2}; type=BOOLEAN,.*\n {2}: values=off,off$/m,
  );
  assert.equal(await amixer('-D', 'hw:0', '-q', 'cset', 'numid=2', 'on,on'), '');
  await amixer('-D', 'hw:0', '-q', 'cset', 'numid=1', '59,59');
  assert.match(await amixer('-c', '0', 'scontents'), /Front Left: Playback 59 \[80%\] \[-15\.00dB\] \[on\]/);
  assert.match(
    await amixer('-c', '0', 'sset', 'Master', '100%', 'mute'),
    /Playback 74 \[100%\] \[0\.00dB\] \[off\]/,
  );
  assert.equal((await inGuest(host, 'tone-muted', 'amixer', '-c', '3', 'contents')).code, 1);
  const open = await lent('tone');
  assert.doesNotMatch((await inGuest(open, 'tone', 'amixer', '-c', '0', 'contents')).stdout, /off/);
});

test('without its driver the guest sees the function and has no card', async () => {
  const host = await lent('nodriver');
  assert.equal(
    (await inGuest(host, 'nodriver', 'cat', `/sys/bus/pci/devices/${AT}/vendor`)).stdout,
    '0x8086\n',
  );
  assert.equal((await inGuest(host, 'nodriver', 'readlink', `/sys/bus/pci/devices/${AT}/driver`)).code, 1);
  assert.equal((await inGuest(host, 'nodriver', 'ls', '/sys/class/sound')).stdout, '');
  assert.equal(interruptsOf(host, 'vfio-msi'), null);
});

test('a card that its guest leaves on INTx shares the line of the board', async () => {
  const host = machine('rig-intel');
  await virshQuiet(host, ['nodedev-detach', 'pci_0000_00_1b_1']);
  await attached(host, 'tone', '0000:00:1b.0');
  await startedUp(host, 'tone');
  const line = host.read('/proc/interrupts');
  assert.ok(line.state === 'read');
  assert.match(line.value, /^ 16: .*IR-IO-APIC {2}16-fasteoi {6}vfio-intx\(0000:00:1b\.0\), i801_smbus$/m);
});

test('a program that the guest lacks, and an agent that may not run any', async () => {
  const host = await lent('tone');
  const exec = (path: string): string[] => [
    'qemu-agent-command',
    'tone',
    JSON.stringify({ execute: 'guest-exec', arguments: { path } }),
  ];
  assert.match(
    await fails(host, exec('setpci')),
    /Failed to execute child process “setpci” \(No such file or directory\)/,
  );
  const { state } = host;
  state.board = {
    ...state.board,
    guests: state.board.guests.map((g) => ({ ...g, agent: g.agent && 'no-exec' })),
  };
  assert.match(
    await fails(host, exec('cat')),
    /unable to execute QEMU agent command 'guest-exec': Command guest-exec has been disabled/,
  );
  assert.match(
    await fails(host, ['qemu-agent-command', 'tone', '{"execute":"guest-nope"}']),
    /The command guest-nope has not been found/,
  );
});

test('a guest that pins memory leaves less for the others', async () => {
  const host = machine('i7-2620m');
  const available = (): number => {
    const text = host.read('/proc/meminfo');
    return Number(/^MemAvailable: +(\d+) kB$/m.exec(text.state === 'read' ? text.value : '')?.[1]);
  };
  const before = available();
  await virshQuiet(host, ['start', 'f20vm']);
  assert.equal(before - available(), 2097152);
  assert.equal(driver(host, '0000:00:1b.0'), 'snd_hda_intel');
});
