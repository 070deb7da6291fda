import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';

/** Networks beside our own; all constructed. */

const DEV =
  'Inter-|   Receive                                                |  Transmit\n' +
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls\n';
const dev = (...names: string[]) => DEV + names.map((name) => `${name.padStart(6)}: 0 0 0 0\n`).join('');
const process = (pid: number, command: string, namespace: number, ...names: string[]) => ({
  [`/proc/${pid}/ns/net`]: `->net:[${namespace}]`,
  [`/proc/${pid}/net/dev`]: dev(...names),
  [`/proc/${pid}/comm`]: `${command}\n`,
});
const OWN = { '/proc/self/ns/net': '->net:[1]', ...process(1, 'systemd', 1, 'lo', 'eth0') };

const gapsOf = async (files: Record<string, string>, root = true) => {
  const { gaps } = await collect(constructedHost(files, [], root), ['network']);
  return gaps.filter((gap) => gap.fact === 'network.namespaces').map((gap) => `${gap.path} ${gap.why}`);
};

test('a container with interfaces is named, once for all its processes; one with nothing but a loopback is not', async () => {
  const gaps = await gapsOf({
    ...OWN,
    ...process(77, 'lxc-start', 2, 'lo', 'eth0', 'eth1'),
    ...process(78, 'nginx', 2, 'lo', 'eth0', 'eth1'),
    ...process(90, 'firefox', 3, 'lo'),
  });
  assert.deepEqual(gaps, ['/proc/77/net/dev lxc-start (pid 77) has a network of its own, with eth0, eth1']);
});

test('a namespace that only has a name counts, one that was looked into does not twice', async () => {
  const gaps = await gapsOf({
    ...OWN,
    ...process(90, 'dnsmasq', 3, 'lo'),
    '/proc/self/mountinfo':
      '310 22 0:4 net:[3] /run/netns/red rw - nsfs nsfs rw\n311 22 0:4 net:[4] /run/netns/blue rw - nsfs nsfs rw\n',
  });
  assert.deepEqual(gaps, ['/run/netns/blue is a network of its own without a process to look through']);
});

test('without root the networks of others are not known', async () => {
  const gaps = await gapsOf({ ...OWN, '/proc/1/ns/net': '!permission denied' }, false);
  assert.deepEqual(gaps, ['/proc/PID/ns/net permission denied']);
});
