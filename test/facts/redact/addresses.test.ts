import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressOfWords, addressRead, addressText } from '../../../src/facts/network-address.ts';
import { Addresses } from '../../../src/facts/redact/addresses.ts';

const WIDTH = { 4: 32, 6: 128 } as const;
const COMMON = /^(0|127|2[2-5][4-9]|2[3-5]\d)\.|^::/;

const bitsOf = (text: string) => {
  const { family, value } = addressRead(text)!;
  return value.toString(2).padStart(WIDTH[family], '0');
};
/** How many bits two addresses begin with alike. */
const alike = (a: string, b: string) => {
  const [x, y] = [bitsOf(a), bitsOf(b)];
  const at = [...x].findIndex((bit, i) => bit !== y[i]);
  return at < 0 ? x.length : at;
};
const four = fc.ipV4().filter((a) => !COMMON.test(a));
const six = fc
  .bigInt({ min: 1n << 64n, max: (1n << 128n) - 1n })
  .map((value) => addressText({ family: 6, value }));

test('what shares a network shares one still, and nothing else does', () => {
  for (const address of [four, six]) {
    fc.assert(
      fc.property(fc.array(address, { minLength: 2, maxLength: 6 }), fc.nat(128), (some, bits) => {
        const [first, ...rest] = some as [string, ...string[]];
        const network = { ...addressRead(first)!, bits: Math.min(bits, WIDTH[addressRead(first)!.family]) };
        const addresses = new Addresses([network]);
        const others = [first, ...rest].map((a) => addresses.text(a));
        for (const [i, a] of some.entries())
          for (const [j, b] of some.entries()) assert.equal(alike(others[i]!, others[j]!), alike(a, b));
      }),
      { numRuns: 40 },
    );
  }
});

test('a network of the routes is one still: it ends in as many zeros', () => {
  const routes = [
    '203.0.113.64/26',
    '10.8.0.0/13',
    '128.0.0.0/1',
    '2001:db8:a11c:e5::/64',
    '0.0.0.0/0',
    'fd00::/8',
  ];
  const networks = routes.map((route) => {
    const [network = '', bits] = route.split('/');
    return { ...addressRead(network)!, bits: Number(bits) };
  });
  // Whoever comes first decides which bits are turned.
  for (const first of ['203.0.113.77', '10.15.255.255', '2001:db8:a11c:e5::17', '192.0.2.255']) {
    const addresses = new Addresses(networks);
    addresses.text(first);
    for (const { family, value, bits } of networks) {
      const other = addressRead(addresses.text(addressText({ family, value })))!;
      const host = BigInt(WIDTH[family] - bits);
      assert.equal(
        other.value & ((1n << host) - 1n),
        0n,
        `${addressText({ family, value })}/${bits} after ${first}`,
      );
    }
  }
});

test('what means the same on every machine stays, and nothing becomes it', () => {
  const addresses = new Addresses([]);
  for (const kept of [
    '0.0.0.0',
    '127.0.0.1',
    '224.0.0.251',
    '255.255.255.0',
    '::',
    '::1',
    'no address',
    '1.2.3',
    '',
  ])
    assert.equal(addresses.text(kept), kept);
  assert.match(addresses.text('fe80::5054:ff:fe12:3456%eth0'), /^fe80::(?!5054).*%eth0$/);
  assert.match(addresses.text('169.254.17.4'), /^169\.254\.(?!17\.4$)/);
  assert.match(addresses.text('ff02::1:ff12:3456'), /^ff02::1:ff(?!12:3456)/);
  fc.assert(
    fc.property(four, (a) => void assert.doesNotMatch(addresses.text(a), COMMON)),
    { numRuns: 200 },
  );
});

test('in every way of writing it is the same address', () => {
  const addresses = new Addresses([]);
  const plain = addresses.text('203.0.113.77');
  assert.notEqual(plain, '203.0.113.77');
  const words = (hex: string) => addressText(addressOfWords(addresses.words(hex))!);
  assert.equal(words('4D7100CB'), plain);
  assert.equal(words('0000000000000000FFFF00004D7100CB'), plain);
  assert.equal(addresses.text('::ffff:203.0.113.77'), plain);
  const six = addresses.text('2001:db8::17');
  assert.equal(words('B80D0120000000000000000017000000'), six);
  const digits = addresses.digits('20010db8000000000000000000000017');
  assert.equal(addressText({ family: 6, value: BigInt(`0x${digits}`) }), six);
  assert.equal(addresses.words('zz'), 'zz');
});
