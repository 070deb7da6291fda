import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressCompare,
  addressDevice,
  addressFormat,
  addressNodeDevice,
  addressOfNodeDevice,
  addressParse,
  addressShort,
} from '../../src/model/address.ts';

const anyAddress = fc.record({
  // VMD and Hyper-V number domains past 0xffff.
  domain: fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0x10000, max: 0xfffffff })),
  bus: fc.integer({ min: 0, max: 255 }),
  slot: fc.integer({ min: 0, max: 31 }),
  function: fc.integer({ min: 0, max: 7 }),
});

test('format and parse are inverse, whatever the case', () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      const text = addressFormat(address);
      assert.deepEqual(addressParse(text), { ...address });
      assert.deepEqual(addressParse(text.toUpperCase()), { ...address });
    }),
  );
});

test('a node device name leads back to its address', () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      const text = addressFormat(address);
      assert.equal(addressOfNodeDevice(addressNodeDevice(text)), text);
    }),
  );
  assert.equal(addressNodeDevice('0000:00:1b.0'), 'pci_0000_00_1b_0');
});

test('order is by number, not by text', () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, (a, b) => {
      const number = (x: typeof a) =>
        ((BigInt(x.domain) * 256n + BigInt(x.bus)) * 32n + BigInt(x.slot)) * 8n + BigInt(x.function);
      const expected = number(a) < number(b) ? -1 : number(a) > number(b) ? 1 : 0;
      assert.equal(Math.sign(addressCompare(addressFormat(a), addressFormat(b))), expected);
    }),
  );
  assert.ok(addressCompare('10000:00:00.0', 'ffff:00:00.0') > 0);
});

test('what is no address is none', () => {
  for (const text of [
    '',
    '00:1b.0',
    '0000:00:1b',
    '0000:00:20.0',
    '0000:00:1b.8',
    '0000:0:1b.0',
    '0000:00:1b.0 ',
    'pci_0000_00_1b_0',
    '000000000:00:00.0',
  ]) {
    assert.equal(addressParse(text), null, text);
  }
});

test('short form and device', () => {
  assert.equal(addressShort('0000:00:1b.0'), '00:1b.0');
  assert.equal(addressShort('10000:e1:00.0'), '10000:e1:00.0');
  assert.equal(addressDevice('0000:00:1b.7'), '0000:00:1b');
});
