import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/failure.ts';
import { faultNames, faultPlant } from '../../../src/host/simulated/faults.ts';
import { faultyHost, Killed } from '../../../src/host/simulated/faulty-host.ts';
import { simulatedHost } from '../../../src/host/simulated/index.ts';
import {
  attached,
  CARD,
  driver,
  F20VM,
  fails,
  inGuest,
  interruptsOf,
  laptop,
  startedUp,
  text,
  virshQuiet,
} from './machine.ts';

const AT = '/sys/bus/pci/devices/0000:00:05.0';

async function broken(fault: string): Promise<Awaited<ReturnType<typeof laptop>>> {
  const host = await laptop();
  faultPlant(host, fault, CARD);
  await attached(host, F20VM, CARD);
  return host;
}

test('seven faults, and no other', () => {
  assert.deepEqual([...faultNames].sort(), [
    'card-muted',
    'mate-bound',
    'no-guest-driver',
    'no-interrupt-remapping',
    'no-interrupts',
    'stuck-unbind',
    'wrong-function',
  ]);
});

test('mate-bound: a neighbour on its host driver makes the group not viable', async () => {
  const host = await broken('mate-bound');
  const group = host.list(`/sys/bus/pci/devices/${CARD}/iommu_group/devices`);
  assert.deepEqual(group, { state: 'read', value: ['0000:00:16.0', CARD] });
  assert.match(await fails(host, ['start', F20VM]), /vfio 0000:00:1b\.0: group 5 is not viable/);
  assert.equal(driver(host, CARD), 'snd_hda_intel');
  host.reboot();
  assert.match(await fails(host, ['start', F20VM]), /group 5 is not viable/, 'it outlives a reboot');
});

test('no-interrupt-remapping: QEMU cannot set the container up', async () => {
  const host = await broken('no-interrupt-remapping');
  assert.match(
    await fails(host, ['start', F20VM]),
    /Failed to set iommu for container: Operation not permitted/,
  );
  host.reboot();
  assert.doesNotMatch((await host.run(['dmesg'])).stdout, /DMAR-IR: Enabled/);
  assert.doesNotMatch(text(host, '/proc/interrupts'), /IR-/);
});

test('no-interrupts: the card is driven, its counts stand, and playback gets stuck', async () => {
  const host = await broken('no-interrupts');
  await startedUp(host, F20VM);
  const played = await inGuest(host, F20VM, 'aplay', '-D', 'hw:0,0', '-d', '2', '/dev/zero');
  assert.equal(played.code, 1);
  assert.match(played.stderr, /write error: Input\/output error/);
  assert.equal(interruptsOf(host, `vfio-msi[0](${CARD})`), 0);
  const line = (await inGuest(host, F20VM, 'grep', 'snd_hda_intel', '/proc/interrupts')).stdout;
  assert.match(line, /: +0 +PCI-MSI/);
});

test('no-guest-driver, wrong-function, card-muted: each breaks what it names and nothing else', async () => {
  const look = async (fault: string | null): Promise<Record<string, string>> => {
    const host = fault === null ? await laptop() : await broken(fault);
    if (fault === null) await attached(host, F20VM, CARD);
    await startedUp(host, F20VM);
    const out = async (...argv: string[]): Promise<string> =>
      (await inGuest(host, F20VM, ...argv)).stdout.trim();
    return {
      host: driver(host, CARD) ?? '',
      device: await out('cat', `${AT}/device`),
      driver: (await out('readlink', `${AT}/driver`)).split('/').at(-1) ?? '',
      mixer: /values=(on|off),/.exec(await out('amixer', '-c', '0', 'contents'))?.[1] ?? '',
    };
  };
  const whole = { host: 'vfio-pci', device: '0x1c20', driver: 'snd_hda_intel', mixer: 'on' };
  assert.deepEqual(await look(null), whole);
  assert.deepEqual(await look('no-guest-driver'), { ...whole, driver: '', mixer: '' });
  assert.deepEqual(await look('wrong-function'), { ...whole, device: '0x1e20' });
  assert.deepEqual(await look('card-muted'), { ...whole, mixer: 'off' });
});

test('an unknown fault and an unknown function', async () => {
  const host = await laptop();
  assert.throws(() => faultPlant(host, 'gremlin', CARD), /there is no fault 'gremlin'/);
  assert.throws(() => faultPlant(host, 'card-muted', '0000:09:00.0'), /no function 0000:09:00\.0/);
});

test('stuck-unbind: the driver lets go for ever, and whoever needs the lock waits for ever', async () => {
  const host = await laptop();
  faultPlant(host, 'stuck-unbind', CARD);
  const silent = async (argv: string[], input = '') =>
    (await host.run(argv, { deadlineMs: 1_000, input })).timedOut;
  const file = (name: string) => `/sys/bus/pci/devices/${CARD}/${name}`;
  assert.equal(driver(host, CARD), 'snd_hda_intel', 'until it is asked to');
  assert.equal(await silent(['virsh', '-q', 'nodedev-detach', 'pci_0000_00_1b_0']), true);
  // device_release_driver takes the link away first.
  assert.equal(driver(host, CARD), null);
  const before = host.now().getTime();
  const read = await host.readGuarded([file('driver_override'), file('vendor')], 500);
  assert.equal(read.get(file('driver_override'))?.state, 'unreadable');
  assert.deepEqual(read.get(file('vendor')), { state: 'read', value: '0x8086\n' });
  assert.equal(host.now().getTime() - before, 500);
  assert.throws(() => host.read(file('driver_override')), /never returns/);
  assert.throws(() => host.write('/sys/bus/pci/drivers_probe', CARD), /never returns/);
  // A thread of libvirtd's sleeps with the lists of devices locked, but with no guest.
  assert.equal(await silent(['virsh', '-q', 'nodedev-detach', 'pci_0000_00_19_0']), true);
  assert.equal(await silent(['virsh', '-q', 'list', '--all', '--uuid']), false);
  host.reboot();
  assert.equal(driver(host, CARD), 'snd_hda_intel');

  // While it starts a guest it holds that guest too, and listing looks into each.
  await attached(host, F20VM, CARD);
  assert.equal(await silent(['virsh', '-q', 'start', F20VM]), true);
  assert.equal(await silent(['virsh', '-q', 'domstate', F20VM]), true);
  assert.equal(await silent(['virsh', '-q', 'list', '--all', '--uuid']), true);
  assert.equal(await silent(['virsh', '-q', 'capabilities']), false);
  host.reboot();
  assert.equal(await virshQuiet(host, ['domstate', F20VM]), 'shut off\n');

  // Who asks the kernel itself sleeps there: in state D, and SIGKILL does not end it.
  let pid = 0;
  const started = (child: { pid: number }) => {
    pid = child.pid;
  };
  const result = await host.run(['modprobe', '-r', 'snd_hda_intel'], { started });
  assert.equal(result.timedOut, true);
  assert.match(text(host, `/proc/${pid}/stat`), new RegExp(`^${pid} \\(modprobe\\) D `));
  host.reboot();
  assert.equal(host.exists(`/proc/${pid}`), false);
});

const detach = ['virsh', '-q', 'nodedev-detach', 'pci_0000_00_1b_0'];

test('at the port: fail is not done, hang and nonsense are', async () => {
  const outcome = async (what: 'fail' | 'hang' | 'nonsense') => {
    const host = faultyHost(await laptop(), { on: 'run', nth: 1, matching: 'nodedev', what });
    assert.match(
      (await host.run(['virsh', '-q', 'uri'])).stdout,
      /qemu/,
      'what does not match is not touched',
    );
    const { code, timedOut, stdout } = await host.run(detach, { deadlineMs: 5_000 });
    const done = driver(host, CARD) === 'vfio-pci';
    const again = await host.run(detach);
    return { code, timedOut, empty: stdout === '', done, again: again.code };
  };
  assert.deepEqual(await outcome('fail'), { code: 1, timedOut: false, empty: true, done: false, again: 0 });
  assert.deepEqual(await outcome('hang'), { code: null, timedOut: true, empty: true, done: true, again: 0 });
  assert.deepEqual(await outcome('nonsense'), {
    code: 0,
    timedOut: false,
    empty: false,
    done: true,
    again: 0,
  });
});

test('at the port: the killed do nothing any more, and the machine goes on from its state', async () => {
  for (const what of ['kill-before', 'kill-after'] as const) {
    const machine = await laptop();
    const host = faultyHost(machine, { on: 'run', nth: 1, what });
    await assert.rejects(host.run(detach), Killed);
    assert.throws(() => host.append('/var/lib/x', 'y'), Killed);
    assert.throws(() => host.read('/proc/cmdline'), Killed);
    const next = simulatedHost(JSON.parse(JSON.stringify(machine)));
    assert.equal(driver(next, CARD), what === 'kill-after' ? 'vfio-pci' : 'snd_hda_intel');
  }
});

test('at the port: the second write fails, and only that', async () => {
  const host = faultyHost(await laptop(), { on: 'write', nth: 2, what: 'fail' });
  host.append('/var/lib/one', 'a');
  assert.throws(() => host.append('/var/lib/one', 'b'), Failure);
  host.append('/var/lib/one', 'c');
  assert.equal(text(host, '/var/lib/one'), 'ac');
});

test('a deadline passes and the daemon goes on all the same', async () => {
  const host = await laptop();
  await attached(host, F20VM, CARD);
  const result = await host.run(['virsh', '-q', 'start', F20VM], { deadlineMs: 1_000 });
  assert.deepEqual([result.code, result.timedOut, result.ms], [null, true, 1_000]);
  assert.equal(await virshQuiet(host, ['domstate', F20VM]), 'running\n');
});
