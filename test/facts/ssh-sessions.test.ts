import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { captureHost } from '../../src/host/capture.ts';
import { recorderOf } from '../../src/host/recorder.ts';
import { constructedHost } from './hosts.ts';
import { fourRoutes, networkInterface, processOf, sixRoutes, sockets } from './networks.ts';

/** Who is on the machine by SSH, and by which interface; all constructed. */

const NETWORK = {
  ...networkInterface('eth0', 'pci0000:00/0000:00:1c.0/0000:02:00.0'),
  ...networkInterface('eth1', 'pci0000:00/0000:00:1c.1/0000:03:00.0'),
  '/proc/net/route': fourRoutes('eth0 0.0.0.0/0 via 10.0.0.254', 'eth0 10.0.0.0/24', 'eth1 10.1.0.0/24'),
  '/proc/net/ipv6_route': sixRoutes('eth0 fe80::/64', 'eth1 fe80::/64'),
  ...processOf(1, 'systemd', { parent: 0 }),
};
const ADMIN = { local: '10.0.0.1:22', peer: '10.0.0.7:51000', inode: 700 };
const TOLD = 'SSH_CONNECTION=10.0.0.7 51000 10.0.0.1 22';

/** How the table of IPv6 begins an address of IPv4. */
const MAPPED = '0000000000000000FFFF0000';

const facts = async (files: Record<string, string>, root = true) => {
  const { network = [], gaps } = await collect(constructedHost({ ...NETWORK, ...files }, [], root), [
    'network',
  ]);
  const loads = (name: string) =>
    network.find((n) => n.name === name)?.loads?.map((load) => `${load.what} from ${load.peer}`);
  return { eth0: loads('eth0'), eth1: loads('eth1'), gaps: gaps.map((g) => `${g.fact} ${g.path}: ${g.why}`) };
};

test('below sudo our own session is known by the sshd among the parents', async () => {
  const { eth0, eth1, gaps } = await facts({
    '/proc/self': '->905',
    '/proc/net/tcp': sockets(
      ADMIN,
      { local: '10.1.0.1:2222', peer: '10.1.0.9:40000', inode: 900 },
      { local: '10.0.0.1:443', peer: '10.0.0.8:40001', inode: 901 },
      { local: '10.0.0.1:22', peer: '0.0.0.0:0', inode: 902, state: '0A' },
    ),
    ...processOf(800, 'sshd', { sockets: [902] }),
    ...processOf(901, 'sshd-session', { parent: 800, sockets: [700] }),
    ...processOf(902, 'bash', { parent: 901, environment: [TOLD] }),
    ...processOf(904, 'su) S 1 (', { parent: 902, environment: ['SHELL=/bin/sh'] }),
    ...processOf(905, 'vfioctl', { parent: 904, environment: ['SUDO_USER=a'] }),
    ...processOf(950, 'dropbear', { sockets: [900] }),
    ...processOf(960, 'nginx', { sockets: [901] }),
  });
  assert.deepEqual(eth0, ['your own SSH session from 10.0.0.7']);
  assert.deepEqual(eth1, ['an SSH session from 10.1.0.9']);
  assert.deepEqual(gaps, []);
});

const PANE = {
  '/proc/self': '->905',
  ...processOf(300, 'tmux: server', { sockets: [3] }),
  ...processOf(902, 'bash', { parent: 300, environment: ['TERM=screen', TOLD] }),
  ...processOf(905, 'vfioctl', { parent: 902, environment: ['SUDO_USER=a'] }),
  ...processOf(800, 'sshd', { sockets: [700, 701] }),
};

test('in tmux the variable counts while its connection stands, on any port', async () => {
  const other = { local: '10.0.0.1:22', peer: '10.0.0.9:51000', inode: 701 };
  const still = await facts({ ...PANE, '/proc/net/tcp': sockets(ADMIN, other) });
  assert.deepEqual(still.eth0, ['your own SSH session from 10.0.0.7', 'an SSH session from 10.0.0.9']);
  const gone = await facts({ ...PANE, '/proc/net/tcp': sockets(other) });
  assert.deepEqual(gone.eth0, ['an SSH session from 10.0.0.9'], 'whose it is nobody can say');
});

test('mosh goes on without its SSH connection', async () => {
  const { eth0 } = await facts({
    '/proc/self': '->905',
    '/proc/net/tcp': sockets(),
    ...processOf(300, 'mosh-server'),
    ...processOf(902, 'bash', { parent: 300, environment: [TOLD] }),
    ...processOf(905, 'vfioctl', { parent: 902 }),
  });
  assert.deepEqual(eth0, ['your own mosh session from 10.0.0.7']);
});

test('without root: port 22 and the variable tell what they can, and the rest is a gap', async () => {
  const { eth0, eth1, gaps } = await facts(
    {
      '/proc/self': '->905',
      '/proc/net/tcp': sockets(
        { local: '10.0.0.1:22', peer: '10.0.0.9:51000', inode: 701 },
        { local: '10.1.0.1:2222', peer: '10.1.0.7:51000', inode: 702 },
        { local: '10.1.0.1:2222', peer: '10.1.0.8:51000', inode: 703 },
      ),
      ...processOf(800, 'sshd'),
      '/proc/800/fd': '!permission denied',
      ...processOf(905, 'vfioctl', { environment: ['SSH_CONNECTION=10.1.0.7 51000 10.1.0.1 2222'] }),
    },
    false,
  );
  assert.deepEqual(eth0, ['an SSH session from 10.0.0.9']);
  assert.deepEqual(eth1, ['your own SSH session from 10.1.0.7']);
  assert.deepEqual(gaps, ['network.loads /proc/800/fd: permission denied']);
});

test('where /proc hides the processes of others, that is a gap too', async () => {
  const host = constructedHost(
    {
      ...networkInterface('eth0', 'pci0000:00/0000:00:1c.0/0000:02:00.0'),
      '/proc/net/tcp': sockets({ local: '10.0.0.1:443', peer: '10.0.0.9:51000', inode: 701 }),
      ...processOf(905, 'vfioctl'),
    },
    [],
    false,
  );
  const { gaps } = await collect(host, ['network']);
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.why]),
    [
      ['network.loads', 'processes of other users are hidden without root'],
      ['network.namespaces', 'processes of other users are hidden without root'],
      // What they have mounted is one account for everybody who asks.
      ['storage.holds', 'processes of other users are hidden without root'],
    ],
  );
});

test('without the sockets the variable stands alone, and the gap beside it', async () => {
  const { eth0, gaps } = await facts({
    '/proc/self': '->905',
    '/proc/net/tcp': '!permission denied',
    ...processOf(905, 'vfioctl', { environment: [TOLD] }),
  });
  assert.deepEqual(eth0, ['your own SSH session from 10.0.0.7']);
  assert.deepEqual(gaps, ['network.loads /proc/net/tcp: permission denied']);
});

test('a session from this machine itself needs no interface', async () => {
  const { eth0, eth1, gaps } = await facts({
    '/proc/net/tcp': sockets(
      { local: '127.0.0.1:22', peer: '127.0.0.1:51000', inode: 1 },
      { local: '10.0.0.1:22', peer: '10.0.0.1:51000', inode: 2 },
    ),
    '/proc/net/tcp6': sockets({ local: '[::1]:22', peer: '[::1]:51000', inode: 3 }),
  });
  assert.deepEqual([eth0, eth1, gaps], [[], [], []]);
});

test('a link-local peer is on the interface that has our end, a mapped one on IPv4', async () => {
  const { eth0, eth1 } = await facts({
    '/proc/net/tcp6': sockets(
      { local: '[fe80::1]:22', peer: '[fe80::7]:51000', inode: 1 },
      { local: '10.0.0.1:22', peer: '10.0.0.7:51000', inode: 2 },
    ).replace(/ (0[17]00000A:)/g, ` ${MAPPED}$1`),
    '/proc/net/if_inet6':
      'fe800000000000000000000000000001 03 40 20 80     eth1\nfe800000000000000000000000000002 02 40 20 80     eth0\n',
  });
  assert.deepEqual(eth1, ['an SSH session from fe80::7']);
  assert.deepEqual(eth0, ['an SSH session from 10.0.0.7']);
});

test('a session that comes in by one interface and leaves by another needs both', async () => {
  const { eth0, eth1 } = await facts({
    '/proc/net/tcp': sockets({ local: '10.1.0.1:22', peer: '192.0.2.7:51000', inode: 1 }),
  });
  assert.deepEqual([eth0, eth1], [['an SSH session from 192.0.2.7'], ['an SSH session from 192.0.2.7']]);
});

test('a capture keeps one variable of an environment, and knows our session by it', async () => {
  const secret = 'AWS_SECRET_ACCESS_KEY=hunter2';
  const host = constructedHost({
    ...NETWORK,
    ...PANE,
    ...processOf(902, 'bash', { parent: 300, environment: [secret, TOLD, secret] }),
    '/proc/net/tcp': sockets(ADMIN),
  });
  const recorder = recorderOf(host);
  const { network } = await collect(recorder.host, ['network']);
  const capture = recorder.capture({ by: 'a test', kind: 'constructed', from: null });
  assert.doesNotMatch(JSON.stringify(capture), /hunter2|SUDO_USER/);
  const again = await collect(captureHost(capture), ['network']);
  assert.deepEqual(again.network, network);
  assert.equal(again.network?.[0]?.loads?.[0]?.what, 'your own SSH session');
});
