import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestOf } from '../../src/model/guest.ts';
import { guestPlaces, hotplugPlace } from '../../src/model/place.ts';
import { aDefinition, aGuest } from './hosts.ts';

const q35 = guestOf(aGuest('tone', aDefinition('q35')));
const pc = guestOf(aGuest('tone', aDefinition('pc')));
const places = (...args: Parameters<typeof guestPlaces>) => Object.fromEntries(guestPlaces(...args));

test('a single function is left to libvirt', () => {
  assert.deepEqual(places(q35, ['0000:01:00.0'], null), {});
});

test('functions of one device go to one slot with their numbers kept: an empty root port first', () => {
  assert.deepEqual(places(q35, ['0000:00:1b.0', '0000:00:1b.1'], null), {
    '0000:00:1b.0': { guestAddress: '0000:02:00.0', multifunction: true },
    '0000:00:1b.1': { guestAddress: '0000:02:00.1', multifunction: false },
  });
});

test('two devices get two slots, the second on the bus that libvirt adds next', () => {
  const both = places(q35, ['0000:00:1b.0', '0000:00:1b.1', '0000:05:00.0', '0000:05:00.1'], null);
  assert.equal(both['0000:00:1b.1']?.guestAddress, '0000:02:00.1');
  assert.equal(both['0000:05:00.1']?.guestAddress, '0000:03:00.1');
});

test('on i440fx the first free slot of bus 0', () => {
  assert.equal(
    places(pc, ['0000:00:1b.0', '0000:00:1b.1'], null)['0000:00:1b.0']?.guestAddress,
    '0000:00:04.0',
  );
});

test('functions without a function 0 among them are left to libvirt, each for itself', () => {
  assert.deepEqual(places(q35, ['0000:00:1f.2', '0000:00:1f.4'], null), {});
});

test('--slot is obeyed for one device and refused for two', () => {
  assert.equal(places(pc, ['0000:01:00.0'], '0000:00:1b.0')['0000:01:00.0']?.guestAddress, '0000:00:1b.0');
  assert.throws(() => guestPlaces(pc, ['0000:01:00.0', '0000:02:00.0'], '0000:00:1b.0'), { code: 'usage' });
});

test('a running guest takes function 0 of a device, where it has a free root port', () => {
  const running = guestOf(
    aGuest('tone', aDefinition('q35'), { state: 'running', liveXml: aDefinition('q35') }),
  );
  assert.equal(hotplugPlace(running, ['0000:01:00.0']), null);
  assert.match(hotplugPlace(running, ['0000:00:1b.0', '0000:00:1b.1']) ?? '', /only function 0/);
  assert.match(hotplugPlace(running, ['0000:01:00.0', '0000:02:00.0']) ?? '', /1 free root port/);
});
