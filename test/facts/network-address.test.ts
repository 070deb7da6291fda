import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressEqual,
  addressLinkLocal,
  addressLoopback,
  addressOfWords,
  addressRead,
  addressText,
} from '../../src/facts/network-address.ts';

const read = (text: string) => addressRead(text)!;

test('addresses of both families, with a scope or a mapped address of IPv4', () => {
  assert.deepEqual(read('10.0.0.7'), { family: 4, value: 0x0a000007n });
  assert.deepEqual(read('fd00::7'), { family: 6, value: 0xfd000000000000000000000000000007n });
  assert.deepEqual(read('fe80::1%eth0'), read('fe80::1'));
  assert.deepEqual(read('::ffff:10.0.0.7'), read('10.0.0.7'));
  assert.deepEqual(read('::ffff:a00:7'), read('10.0.0.7'));
  const none = ['', 'UNKNOWN', '10.0.0', '10.0.0.256', '1::2::3', '1:2:3', ':', '::g', '1:2:3:4:5:6:7:8:9'];
  for (const text of none) assert.equal(addressRead(text), null, text);
});

test('the kernel’s words are in the order of the processor', () => {
  assert.equal(addressText(addressOfWords('0700000A')!), '10.0.0.7');
  assert.equal(addressText(addressOfWords('000000FD000000000000000007000000')!), 'fd00::7');
  assert.equal(addressText(addressOfWords('0000000000000000FFFF00000700000A')!), '10.0.0.7');
  assert.equal(addressOfWords('07'), null);
});

test('what is this machine itself, and what says nothing of its interface', () => {
  for (const text of ['127.0.0.1', '127.8.9.10', '::1', '0.0.0.0', '::'])
    assert.ok(addressLoopback(read(text)), text);
  for (const text of ['10.0.0.1', '::2', 'fe80::1']) assert.ok(!addressLoopback(read(text)), text);
  assert.ok(addressLinkLocal(read('fe80::1')) && addressLinkLocal(read('febf::1')));
  assert.ok(!addressLinkLocal(read('fec0::1')) && !addressLinkLocal(read('169.254.0.1')));
});

test('every address is written as an address, and reads as the same one', () => {
  const six = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
  const sparse = fc
    .array(fc.constantFrom(0n, 0n, 1n, 0xabcdn, 0xffffn), { minLength: 8, maxLength: 8 })
    .map((words) => words.reduce<bigint>((sum, word) => (sum << 16n) | word, 0n));
  fc.assert(
    fc.property(fc.oneof(six, sparse), (value) => {
      const address = { family: 6, value } as const;
      const text = addressText(address);
      assert.ok(isIPv6(text), text);
      const again = read(text);
      assert.ok(addressEqual(again, address) || (again.family === 4 && value >> 32n === 0xffffn), text);
      // URLs have them in canonical form.
      assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    }),
  );
});
