import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressRead } from '../../src/facts/network-address.ts';
import { defaultInterfaces, type Route, routeInterfaces, routesRead } from '../../src/facts/route-table.ts';
import { fourRoutes, sixRoutes } from './networks.ts';

const to = (routes: readonly Route[], address: string, onLink = false) =>
  routeInterfaces(routes, addressRead(address)!, { onLink });

test('the longest prefix wins, then the lowest metric, and equals both count', () => {
  const routes = routesRead(
    fourRoutes(
      'eth0 0.0.0.0/0 via 10.0.0.1 metric 100',
      'wlan0 0.0.0.0/0 via 10.1.0.1 metric 600',
      'eth0 10.0.0.0/24 metric 100',
      'wlan0 10.0.0.0/24 metric 600',
      'tun0 10.0.0.128/25',
      'eth1 192.168.0.0/16 metric 5',
      'eth2 192.168.0.0/16 metric 5',
      'eth3 192.168.7.9/32 via 10.0.0.1',
    ),
    '',
  );
  assert.equal(routes.length, 8);
  assert.deepEqual(to(routes, '8.8.8.8'), ['eth0']);
  assert.deepEqual(to(routes, '10.0.0.7'), ['eth0']);
  assert.deepEqual(to(routes, '10.0.0.200'), ['tun0']);
  assert.deepEqual(to(routes, '192.168.1.1'), ['eth1', 'eth2']);
  assert.deepEqual(to(routes, '192.168.7.9'), ['eth3']);
  assert.deepEqual(to(routes, '192.168.7.9', true), ['eth1', 'eth2'], 'on the link itself');
  assert.deepEqual(to(routes, 'fd00::1'), [], 'nothing leads there');
  assert.deepEqual([...defaultInterfaces(routes)], ['eth0', 'wlan0']);
});

test('what is down, rejected, local or of the loopback leads nowhere', () => {
  const four = fourRoutes('eth0 10.0.0.0/8 flags 0000', '* 10.0.0.0/8 flags 0201', '* 10.0.0.0/16');
  const six = sixRoutes(
    'lo ::/0 flags 00200200',
    'lo ::1/128 flags 80200001',
    'eth0 fd00::2/128 flags 80200001',
    'eth0 fd00::/128 flags 00100001',
    'lo fd00::/64',
  );
  assert.deepEqual(routesRead(four, six), []);
  assert.deepEqual(routesRead('', ''), []);
  assert.deepEqual(routesRead('Iface\tDestination\nnonsense\n\n', 'x y z\n\n'), []);
});

test('IPv6, whose tables are in the order of the network', () => {
  const routes = routesRead(
    '',
    sixRoutes(
      'eth0 ::/0 via fe80::1 metric 400',
      'eth1 ::/0 via fe80::1 metric 1',
      'eth0 fd00::/64 metric 100',
      'eth0 fe80::/64 metric 100',
      'eth1 fe80::/64 metric 100',
    ),
  );
  assert.deepEqual(to(routes, '2001:db8::1'), ['eth1']);
  assert.deepEqual(to(routes, 'fd00::7'), ['eth0']);
  assert.deepEqual(to(routes, 'fe80::7'), ['eth0', 'eth1']);
  assert.deepEqual([...defaultInterfaces(routes)], ['eth0', 'eth1']);
});

test('as a plain search over all prefixes finds it', () => {
  const route = fc.record({
    network: fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
    bits: fc.integer({ min: 0, max: 32 }),
    metric: fc.integer({ min: 0, max: 3 }),
    interface: fc.constantFrom('eth0', 'eth1', 'eth2'),
  });
  fc.assert(
    fc.property(fc.array(route), fc.bigInt({ min: 0n, max: 0xffff_ffffn }), (given, value) => {
      const routes = given.map((r): Route => ({ ...r, family: 4, gateway: false }));
      const binary = (n: bigint, bits: number) => n.toString(2).padStart(32, '0').slice(0, bits);
      const order = (r: Route) => r.bits * 10 - r.metric;
      const sorted = routes
        .filter((r) => binary(r.network, r.bits) === binary(value, r.bits))
        .sort((a, b) => order(b) - order(a));
      const best = sorted.filter((r) => order(r) === order(sorted[0]!)).map((r) => r.interface);
      assert.deepEqual(routeInterfaces(routes, { family: 4, value }).sort(), [...new Set(best)].sort());
    }),
  );
});
