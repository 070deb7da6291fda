import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';
import { fourRoutes, networkInterface, processOf, sixRoutes, sockets } from './networks.ts';

/** Interfaces and what is above them; all constructed. */

const ETH0 = 'pci0000:00/0000:00:1c.0/0000:02:00.0';
const ETH1 = 'pci0000:00/0000:00:1c.1/0000:03:00.0';
const facts = async (files: Record<string, string>) => {
  const { network = [], gaps } = await collect(constructedHost(files), ['network']);
  return { at: (name: string) => network.find((n) => n.name === name), gaps };
};

test('all that stands on an interface, up to a VLAN on a bridge on a bond, and what those carry', async () => {
  const { at, gaps } = await facts({
    ...networkInterface('eth0', ETH0, { uppers: ['bond0'] }),
    ...networkInterface('eth1', ETH1, { up: false, uppers: ['macvlan1'] }),
    ...networkInterface('bond0', 'virtual', { uppers: ['br0'] }),
    ...networkInterface('br0', 'virtual', { uppers: ['br0.5'] }),
    ...networkInterface('br0.5', 'virtual'),
    ...networkInterface('macvlan1', 'virtual'),
    ...networkInterface('lo', 'virtual', { type: 772 }),
    '/proc/net/route': fourRoutes('br0.5 10.5.0.0/24', 'br0 10.0.0.0/24'),
    '/proc/net/ipv6_route': sixRoutes('br0.5 ::/0 via fe80::1'),
    '/proc/net/tcp': sockets({ local: '10.0.0.1:22', peer: '10.0.0.7:51000', inode: 7 }),
    ...processOf(1, 'init'),
  });
  assert.deepEqual(gaps, []);
  assert.deepEqual(at('eth0')?.uppers, ['bond0', 'br0', 'br0.5']);
  assert.deepEqual(at('eth1')?.uppers, ['macvlan1']);
  assert.deepEqual(at('lo')?.uppers, []);
  assert.deepEqual(
    ['eth0', 'bond0', 'br0', 'br0.5', 'eth1', 'lo'].map((name) => at(name)?.defaultRoute),
    [true, true, true, true, false, false],
  );
  const session = [{ kind: 'ssh', peer: '10.0.0.7', what: 'an SSH session' }];
  assert.deepEqual(
    ['eth0', 'bond0', 'br0', 'br0.5', 'eth1', 'lo'].map((name) => at(name)?.loads),
    [session, session, session, [], [], []],
  );
});

test('a bridge of Open vSwitch stands on the ports of the switch, though the kernel does not say so', async () => {
  const { at } = await facts({
    ...networkInterface('eth0', ETH0, { uppers: ['ovs-system'] }),
    ...networkInterface('eth1', ETH1),
    ...networkInterface('ovs-system', 'virtual', { up: false }),
    ...networkInterface('br-ex', 'virtual'),
    ...networkInterface('br-int', 'virtual'),
    '/run/openvswitch/br-ex.mgmt': '',
    '/run/openvswitch/db.sock': '',
    '/proc/net/route': fourRoutes('br-ex 0.0.0.0/0 via 10.0.0.1'),
  });
  assert.deepEqual(at('eth0')?.uppers, ['ovs-system', 'br-ex']);
  assert.equal(at('eth0')?.defaultRoute, true);
  assert.equal(at('eth1')?.defaultRoute, false);
});

test('what stands on an interface and cannot be listed is a gap, and no empty list', async () => {
  const { at, gaps } = await facts({
    ...networkInterface('eth0', ETH0, { uppers: ['br0'] }),
    ...networkInterface('eth1', ETH1),
    '/sys/class/net/br0': '!input/output error',
  });
  assert.ok(at('eth0') && !('uppers' in at('eth0')!));
  assert.deepEqual(at('eth1')?.uppers, []);
  assert.ok(gaps.some((g) => g.fact === 'network.uppers' && g.subject === 'eth0'));
  assert.ok(!gaps.some((g) => g.fact === 'network.uppers' && g.subject === 'eth1'));
});

test('without its routes the network is not read at all', async () => {
  const host = constructedHost({
    ...networkInterface('eth0', ETH0),
    '/proc/net/route': '!permission denied',
  });
  const { network, gaps } = await collect(host, ['network']);
  assert.equal(network, undefined);
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.path]),
    [['network', '/proc/net/route']],
  );
});
