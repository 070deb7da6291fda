import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { namesOf } from '../../src/facts/names.ts';
import type { PciFunction } from '../../src/facts/snapshot.ts';
import { constructedHost, recordedHost, recordedText } from './hosts.ts';

test('names are those that lspci prints', async () => {
  const host = recordedHost('rig-intel');
  const { functions = [] } = await collect(host, ['functions']);
  const names = namesOf(host);
  const lspci = recordedText('rig-intel.lspci.txt');
  for (const fn of functions) {
    const line = lspci.split('\n').find((l) => l.startsWith(fn.address.slice(5)))!;
    assert.equal(/\]: (.*) \[[0-9a-f]{4}:[0-9a-f]{4}\]/.exec(line)?.[1], names.function(fn), fn.address);
    assert.equal(/^\S+ (.*?) \[/.exec(line)?.[1], names.class(fn.class), fn.address);
  }
  const card = functions.find((f) => f.address === '0000:00:1b.0')!;
  assert.equal(names.vendor('8086'), 'Intel Corporation');
  assert.equal(names.subsystem(card), 'QEMU Virtual Machine');
});

test('an id that nobody named is shown as it is, with its class', () => {
  const ids =
    '# a comment\n0001  First\n8086  Intel Corporation\n# another\n\t1c20  Audio\n\t\t17aa 21d2  ThinkPad\n9005  Last\n\t0001  End';
  const names = namesOf(constructedHost({ '/usr/share/misc/pci.ids': ids }));
  const fn = (vendor: string, device: string, sub: string | null = null) =>
    ({ vendor, device, class: '040300', subsystemVendor: '17aa', subsystemDevice: sub }) as PciFunction;
  assert.equal(names.function(fn('8086', '1c20')), 'Intel Corporation Audio');
  assert.equal(names.function(fn('8086', '9999')), 'Intel Corporation Audio device 8086:9999');
  assert.equal(names.function(fn('dead', 'beef')), 'Audio device dead:beef');
  assert.equal(names.function(fn('9005', '0001')), 'Last End');
  assert.equal(
    names.function(fn('0001', '0001')),
    'First Audio device 0001:0001',
    'the next vendor is not read',
  );
  assert.equal(names.subsystem(fn('8086', '1c20', '21d2')), 'ThinkPad');
  assert.equal(names.subsystem(fn('8086', '1c20', '0000')), null);
  assert.equal(names.vendor('dead'), null);
  assert.equal(names.class('0403'), 'Audio device');
  assert.equal(names.class('0699'), 'Bridge');
  assert.equal(names.class('7700'), 'Class 7700');
});
