import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectAll } from '../../../src/facts/collect.ts';
import { Failure } from '../../../src/failure.ts';
import { boardByName, boardNames } from '../../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../../src/host/simulated/index.ts';
import {
  attached,
  CARD,
  driver,
  F20VM,
  inGuest,
  laptop,
  machine,
  startedUp,
  text,
  virshQuiet,
} from './machine.ts';

test('written out and read back in mid-story, the machine goes on where it was', async () => {
  const host = await laptop();
  host.makeDirectory('/var/lib/vfioctl');
  host.append('/var/lib/vfioctl/run', 'intent\n');
  await attached(host, F20VM, CARD);
  await startedUp(host, F20VM);
  await inGuest(host, F20VM, 'amixer', '-c', '0', 'sset', 'Master', 'mute');
  const copy = simulatedHost(JSON.parse(JSON.stringify(host)));
  assert.deepEqual(copy.toJSON(), host.toJSON());
  assert.deepEqual(await collectAll(copy), await collectAll(host));
  assert.equal(text(copy, '/var/lib/vfioctl/run'), 'intent\n');
  assert.match((await inGuest(copy, F20VM, 'amixer', '-c', '0', 'sget', 'Master')).stdout, /\[off\]/);
  await virshQuiet(copy, ['shutdown', F20VM]);
  await copy.sleep(5_000);
  assert.equal(driver(copy, CARD), 'snd_hda_intel');
  assert.equal(driver(host, CARD), 'vfio-pci', 'the copy is another machine');
});

test('a state that was handed out does not change with the machine', async () => {
  const host = await laptop();
  const saved = host.toJSON();
  await virshQuiet(host, ['nodedev-detach', 'pci_0000_00_1b_0']);
  assert.equal(driver(simulatedHost(saved), CARD), 'snd_hda_intel');
});

for (const name of boardNames) {
  test(`${name}: every fact can be read, and two of the board do not disturb each other`, async () => {
    const host = machine(name);
    const snapshot = await collectAll(host);
    assert.deepEqual(snapshot.gaps, []);
    assert.equal(snapshot.functions?.length, boardByName(name)?.functions.length);
    assert.ok(snapshot.storage?.some((disk) => disk.mounts.includes('/')));
    const card = snapshot.sound?.[0]?.function ?? '';
    host.write(`/sys/bus/pci/devices/${card}/driver/unbind`, card);
    assert.equal(driver(machine(name), card), 'snd_hda_intel');
  });
}

test("the laptop's facts are the how-to's", async () => {
  const { functions, groups, storage, network, security, iommu } = await collectAll(await laptop());
  const card = functions?.find((f) => f.address === CARD);
  assert.deepEqual(
    [
      card?.vendor,
      card?.device,
      card?.revision,
      card?.class,
      card?.group,
      card?.driver,
      card?.driverOverride,
    ],
    ['8086', '1c20', '04', '040300', 5, 'snd_hda_intel', null],
  );
  assert.deepEqual(card?.resetMethods, ['flr', 'pm']);
  assert.equal(card?.capabilities?.flr, true);
  assert.equal(card?.capabilities?.pcieType, 'root complex integrated endpoint');
  assert.deepEqual(card?.bars, [
    { index: 0, start: '0xf2520000', bytes: 16384, kind: 'memory', prefetchable: false, wide: true },
  ]);
  assert.deepEqual(functions?.find((f) => f.address === '0000:03:00.0')?.path, ['0000:00:1c.1']);
  assert.deepEqual(groups?.find((g) => g.number === 5)?.functions, [CARD]);
  assert.deepEqual(
    storage?.map((s) => [s.name, s.function, s.mounts, s.swap]),
    [['sda', '0000:00:1f.2', ['/', '/boot'], true]],
  );
  assert.equal(network?.find((n) => n.name === 'enp0s25')?.defaultRoute, true);
  assert.equal(security?.selinux, 'enforcing');
  assert.deepEqual(iommu, {
    tables: ['DMAR'],
    units: ['dmar0', 'dmar1'],
    pciGroups: 10,
    interruptRemapping: true,
    unsafeInterrupts: null,
  });
});

test('one lock a machine; a killed holder leaves none behind', async () => {
  const host = machine('rig-intel');
  const lock = await host.lock('assign 01:00.0');
  await assert.rejects(host.lock('release'), (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'busy');
    assert.match(error.message, /assign 01:00\.0/);
    return true;
  });
  await simulatedHost(host.toJSON()).lock('undo');
  await lock.release();
  await host.lock('release');
});

test('time is virtual: programs and sleep move the clock, reads do not', async () => {
  const host = machine('rig-intel');
  const start = host.now().getTime();
  host.read('/proc/cmdline');
  assert.equal(host.now().getTime(), start);
  await host.sleep(60_000);
  await host.run(['virsh', '-q', 'uri']);
  assert.equal(host.now().getTime(), start + 60_015);
});

test('a link in place of our directory is refused', () => {
  const host = machine('rig-intel');
  const state = host.toJSON();
  const planted = simulatedHost({ ...state, files: { ...state.files, '/var/lib/vfioctl': { l: '/etc' } } });
  assert.throws(() => planted.makeDirectory('/var/lib/vfioctl'), /symbolic link/);
});
