import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';

/** Who uses what on the host, down to the PCI function; all constructed. */

const nic = (name: string, target: string, flags: string) => ({
  [`/sys/class/net/${name}`]: `->../../devices/${target}/net/${name}`,
  [`/sys/devices/${target}/net/${name}/flags`]: `${flags}\n`,
});
const ROUTE = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

test('the port of a bridge that carries the default route carries it too', async () => {
  const port = 'pci0000:00/0000:00:1c.0/0000:02:00.0';
  const { network, gaps } = await collect(
    constructedHost({
      ...nic('eno1', port, '0x1103'),
      ...nic('br0', 'virtual', '0x1003'),
      ...nic('enp5s0', 'pci0000:00/0000:00:1c.4/0000:05:00.0/virtio3', '0x1002'),
      ...nic('lo', 'virtual', '0x9'),
      [`/sys/devices/${port}/net/eno1/carrier`]: '1\n',
      [`/sys/devices/${port}/net/eno1/master`]: '->../../../../../virtual/net/br0',
      [`/sys/devices/${port}/net/eno1/upper_br0`]: '->../../../../../virtual/net/br0',
      '/sys/devices/virtual/net/br0/carrier': '1\n',
      '/sys/devices/virtual/net/lo/carrier': '1\n',
      '/sys/class/net/bonding_masters': '',
      '/proc/net/route': `${ROUTE}br0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neno1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`,
    }),
    ['network'],
  );
  assert.deepEqual(
    network?.map((n) => [n.name, n.function, n.up, n.carrier, n.master, n.defaultRoute]),
    [
      ['br0', null, true, true, null, true],
      ['eno1', '0000:02:00.0', true, true, 'br0', true],
      ['enp5s0', '0000:05:00.0', false, null, null, false],
      ['lo', null, true, true, null, false],
    ],
  );
  assert.deepEqual(gaps, []);
});

test('a default route of IPv6 counts, the unreachable one of the loopback does not', async () => {
  const zeros = '0'.repeat(32);
  const line = (flags: string, name: string) =>
    `${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 00000400 00000001 00000000 ${flags} ${name}`;
  const { network } = await collect(
    constructedHost({
      ...nic('eth0', 'pci0000:00/0000:00:03.0', '0x1003'),
      ...nic('lo', 'virtual', '0x9'),
      '/proc/net/ipv6_route': `${line('00000003', '    eth0')}\n${line('00200200', '      lo')}\n${line('00000001', 'lo')}\n`,
    }),
    ['network'],
  );
  assert.deepEqual(
    network?.map((n) => [n.name, n.defaultRoute]),
    [
      ['eth0', true],
      ['lo', false],
    ],
  );
});

const CARD = {
  '/sys/class/sound/card0': '->../../devices/pci0000:00/0000:00:1b.0/sound/card0',
  '/sys/devices/pci0000:00/0000:00:1b.0/sound/card0/id': 'PCH\n',
  '/proc/asound/cards':
    ' 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0xf252 irq 31\n',
};

test('who plays is told by the PCM’s status, which needs no root', async () => {
  const { sound, gaps } = await collect(
    constructedHost(
      {
        ...CARD,
        '/proc/asound/card0/codec#0': '!permission denied',
        '/proc/asound/card0/pcm0c/sub0/status': 'closed\n',
        '/proc/asound/card0/pcm0p/sub0/status': 'state: RUNNING\nowner_pid   : 4711\ntrigger_time: 1.2\n',
        '/proc/4711/status': 'Name:\talsa-sink\nTgid:\t4700\nPid:\t4711\n',
        '/proc/4700/comm': 'pulseaudio\n',
      },
      [],
      false,
    ),
    ['sound'],
  );
  assert.deepEqual(sound, [
    {
      card: 0,
      id: 'PCH',
      name: 'HDA Intel PCH',
      function: '0000:00:1b.0',
      openBy: [{ pid: 4700, command: 'pulseaudio', path: '/dev/snd/pcmC0D0p' }],
      alsoOpenBy: [],
    },
  ]);
  assert.deepEqual(gaps, []);
});

test('a PCM whose status cannot be read is a gap, not an idle card', async () => {
  const { sound, gaps } = await collect(
    constructedHost({ ...CARD, '/proc/asound/card0/pcm0p/sub0/status': '!permission denied' }),
    ['sound'],
  );
  assert.ok(sound?.[0] && !('openBy' in sound[0]));
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.subject, g.why]),
    [['sound.openBy', 'card0', 'permission denied']],
  );
});

const GPU = {
  '/sys/class/drm/card1': '->../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1',
  '/sys/class/drm/card1-HDMI-A-1':
    '->../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1/card1-HDMI-A-1',
  '/sys/class/drm/renderD129': '->../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/renderD129',
  '/sys/class/drm/version': 'drm 1.1.0\n',
  '/proc/900/fd/5': '->/dev/dri/card1',
  '/proc/900/fd/6': '->/dev/dri/card1',
  '/proc/900/comm': 'Xorg\n',
  '/proc/901/fd/0': '->/dev/null',
};

test('display nodes and who has them open', async () => {
  const { display, gaps } = await collect(constructedHost(GPU), ['display']);
  assert.deepEqual(display, [
    {
      name: 'card1',
      function: '0000:01:00.0',
      openBy: [{ pid: 900, command: 'Xorg', path: '/dev/dri/card1' }],
    },
    { name: 'renderD129', function: '0000:01:00.0', openBy: [] },
  ]);
  assert.deepEqual(gaps, []);
});

test('without root a holder that is seen is one, and that none is seen proves nothing', async () => {
  const { display, gaps } = await collect(
    constructedHost({ ...GPU, '/proc/1/fd': '!permission denied' }, [], false),
    ['display'],
  );
  assert.equal(display?.[0]?.openBy?.length, 1);
  assert.ok(display?.[1] && !('openBy' in display[1]));
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.subject]),
    [['display.openBy', 'renderD129']],
  );
});
