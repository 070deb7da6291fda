import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { captureHost } from '../../src/host/capture.ts';
import { recorderOf } from '../../src/host/recorder.ts';
import { constructedHost } from './hosts.ts';

/** Who holds what open; constructed. */

const ROOT = 'pci0000:00';
const char = (number: string, place: string, name: string) => ({
  [`/sys/dev/char/${number}`]: `->../../devices/${place}`,
  [`/sys/devices/${place}/uevent`]: `MAJOR=1\nMINOR=2\nDEVNAME=${name}\n`,
});
const VIDEO = char('81:0', `${ROOT}/0000:05:00.0/video4linux/video0`, 'video0');
const DVB = char('212:0', `${ROOT}/0000:05:00.0/dvb/dvb0.frontend0`, 'dvb/adapter0/frontend0');
const SERIAL = char('4:68', `${ROOT}/0000:00:16.3/0000:00:16.3:0/0000:00:16.3:0.0/tty/ttyS4`, 'ttyS4');
const opens = (pid: number, command: string, ...paths: string[]) => ({
  [`/proc/${pid}/comm`]: `${command}\n`,
  ...Object.fromEntries(paths.map((path, fd) => [`/proc/${pid}/fd/${fd + 3}`, `->${path}`])),
});

const nodesOf = (files: Record<string, string>, root = true) =>
  collect(constructedHost({ '/proc/1/fd/0': '->/dev/null', ...files }, [], root), ['nodes']);

test('nodes that somebody has open, by whom and of which function; idle ones are left out', async () => {
  const { nodes, gaps } = await nodesOf({
    ...VIDEO,
    ...DVB,
    ...SERIAL,
    ...opens(700, 'vdr', '/dev/dvb/adapter0/frontend0', '/dev/dvb/adapter0/frontend0', '/dev/pts/1'),
    ...opens(701, 'agetty', '/dev/ttyS4'),
    ...opens(702, 'minicom', '/dev/ttyS4', '/dev/ttyS0'),
  });
  assert.deepEqual(nodes, [
    {
      path: '/dev/dvb/adapter0/frontend0',
      function: '0000:05:00.0',
      openBy: [{ pid: 700, command: 'vdr', path: '/dev/dvb/adapter0/frontend0' }],
    },
    {
      path: '/dev/ttyS4',
      function: '0000:00:16.3',
      openBy: [
        { pid: 701, command: 'agetty', path: '/dev/ttyS4' },
        { pid: 702, command: 'minicom', path: '/dev/ttyS4' },
      ],
    },
  ]);
  assert.deepEqual(gaps, []);
});

test('what other facts tell of is left to them', async () => {
  const held = ['/dev/dri/card0', '/dev/snd/controlC0', '/dev/input/event3', '/dev/hidraw0', '/dev/kmsg'];
  const usb = `${ROOT}/0000:00:14.0/usb1`;
  const { nodes } = await nodesOf({
    ...char('226:0', `${ROOT}/0000:00:02.0/drm/card0`, 'dri/card0'),
    ...char('116:2', `${ROOT}/0000:00:1b.0/sound/card0/controlC0`, 'snd/controlC0'),
    ...char('13:67', `${usb}/1-3/1-3:1.0/0003/input/input6/event3`, 'input/event3'),
    ...char('243:0', `${usb}/1-3/1-3:1.0/0003/hidraw/hidraw0`, 'hidraw0'),
    ...char('1:11', 'virtual/mem/kmsg', 'kmsg'),
    ...opens(700, 'all', ...held),
  });
  assert.deepEqual(nodes, []);
});

test('a program that drives functions by itself, through vfio’s group or device, and one that talks USB', async () => {
  const group = (number: number, device: string, place: string) => ({
    [`/sys/kernel/iommu_groups/${number}/devices/${device}`]: `->../../../../devices/${place}`,
  });
  const mdev = 'aa618089-8b16-4d01-a136-25a0f3c73123';
  const { nodes, gaps } = await nodesOf({
    '/dev/vfio/vfio': '',
    '/dev/vfio/12': '',
    '/dev/vfio/13': '',
    '/dev/vfio/noiommu-0': '',
    '/dev/vfio/40': '',
    ...group(12, '0000:05:00.0', `${ROOT}/0000:05:00.0`),
    ...group(12, '0000:05:00.1', `${ROOT}/0000:05:00.1`),
    ...group(13, '0000:06:00.0', `${ROOT}/0000:06:00.0`),
    ...group(0, '0000:08:00.0', `${ROOT}/0000:08:00.0`),
    ...group(40, mdev, `${ROOT}/0000:00:02.0/${mdev}`),
    ...char('511:0', `${ROOT}/0000:07:00.0/vfio-dev/vfio0`, 'vfio/devices/vfio0'),
    ...char('189:3', `${ROOT}/0000:00:14.0/usb1/1-3`, 'bus/usb/001/004'),
    ...opens(700, 'kvm', '/dev/vfio/12', '/dev/vfio/vfio', '/dev/vfio/40', '/dev/vfio/noiommu-0'),
    ...opens(701, 'qemu-system-x86', '/dev/vfio/devices/vfio0'),
    ...opens(702, 'usbhid-ups', '/dev/bus/usb/001/004'),
  });
  assert.deepEqual(
    nodes?.map(({ path, function: fn, openBy }) => [path, fn, openBy?.map((holder) => holder.pid)]).sort(),
    [
      ['/dev/bus/usb/001/004', '0000:00:14.0', [702]],
      ['/dev/vfio/12', '0000:05:00.0', [700]],
      ['/dev/vfio/12', '0000:05:00.1', [700]],
      ['/dev/vfio/40', '0000:00:02.0', [700]],
      ['/dev/vfio/devices/vfio0', '0000:07:00.0', [701]],
      ['/dev/vfio/noiommu-0', '0000:08:00.0', [700]],
    ],
  );
  assert.deepEqual(gaps, []);
});

test('the kernel’s serial console holds its port without any process', async () => {
  const { nodes } = await nodesOf({ ...SERIAL, '/sys/class/tty/console/active': 'tty0 ttyS4\n' });
  assert.deepEqual(nodes, [
    {
      path: '/dev/ttyS4',
      function: '0000:00:16.3',
      openBy: [{ pid: 0, command: 'kernel console', path: '/dev/ttyS4' }],
    },
  ]);
});

test('NVIDIA’s nodes by what its driver says of them', async () => {
  const { nodes, gaps } = await nodesOf({
    '/proc/driver/nvidia/gpus/0000:01:00.0/information':
      'Model: \t\t NVIDIA L4\nBus Location: \t 0000:01:00.0\nDevice Minor: \t 1\n',
    '/proc/driver/nvidia/gpus/0000:02:00.0/information': 'Model: \t\t NVIDIA L4\nDevice Minor: \t 0\n',
    '/proc/driver/nvidia/gpus/0000:03:00.0/information': 'Model: \t\t GeForce GTX 650\n',
    ...opens(900, 'nvidia-persiste', '/dev/nvidiactl', '/dev/nvidia1'),
  });
  assert.deepEqual(
    nodes?.map((node) => [node.path, node.function]),
    [['/dev/nvidia1', '0000:01:00.0']],
  );
  assert.deepEqual(
    gaps.map((gap) => [gap.fact, gap.subject]),
    [['nodes.openBy', '0000:03:00.0']],
    'which is unknown of this one alone',
  );
});

test('AMD’s compute node is held for each of its GPUs', async () => {
  const properties = (simd: number, place: number) =>
    `cpu_cores_count 0\nsimd_count ${simd}\nlocation_id ${place}\ndomain 0\ndrm_render_minor 128\n`;
  const kfd = {
    '/sys/class/kfd/kfd/topology/nodes/0/properties': properties(0, 0),
    '/sys/class/kfd/kfd/topology/nodes/1/properties': properties(64, 0x0300),
    '/sys/class/kfd/kfd/topology/nodes/2/properties': properties(64, 0xc1 * 256 + 8),
  };
  assert.deepEqual((await nodesOf(kfd)).nodes, []);
  const { nodes } = await nodesOf({ ...kfd, ...opens(950, 'python3', '/dev/kfd') });
  assert.deepEqual(
    nodes?.map((node) => [node.path, node.function]),
    [
      ['/dev/kfd', '0000:03:00.0'],
      ['/dev/kfd', '0000:c1:01.0'],
    ],
  );
});

test('where processes are hidden, a node that nobody was seen with is unknown and not idle', async () => {
  const hidden = { '/proc/1/fd': '!permission denied' };
  const files = { ...VIDEO, ...SERIAL, ...opens(700, 'minicom', '/dev/ttyS4') };
  const { nodes, gaps } = await collect(constructedHost({ ...files, ...hidden }, [], false), ['nodes']);
  assert.deepEqual(
    nodes?.map((node) => [node.path, node.openBy?.length]),
    [
      ['/dev/ttyS4', 1],
      ['/dev/video0', undefined],
    ],
  );
  assert.deepEqual(
    gaps.map((gap) => [gap.fact, gap.subject, gap.why]),
    [['nodes.openBy', '/dev/video0', 'permission denied']],
  );
  const unlisted = await collect(constructedHost({ ...VIDEO, ...opens(700, 'bash') }, [], false), ['nodes']);
  assert.match(unlisted.gaps[0]?.why ?? '', /hidden without root/, 'hidepid shows not even process 1');
});

test('who keeps a mixer open is told beside who plays', async () => {
  const { sound, gaps } = await collect(
    constructedHost({
      '/sys/class/sound/card1': `->../../devices/${ROOT}/0000:00:1b.0/sound/card1`,
      [`/sys/devices/${ROOT}/0000:00:1b.0/sound/card1/id`]: 'PCH\n',
      '/sys/class/sound/controlC1': '->x',
      '/sys/class/sound/controlC11': '->x',
      '/sys/class/sound/pcmC1D0p': '->x',
      '/proc/asound/card1/pcm0p/sub0/status': 'closed\n',
      ...opens(800, 'wireplumber', '/dev/snd/controlC1', '/dev/snd/pcmC1D0p'),
      ...opens(801, 'alsactl', '/dev/snd/controlC11'),
    }),
    ['sound'],
  );
  assert.deepEqual(
    [sound?.[0]?.openBy, sound?.[0]?.alsoOpenBy],
    [[], [{ pid: 800, command: 'wireplumber', path: '/dev/snd/controlC1' }]],
  );
  assert.deepEqual(gaps, []);
});

test('a capture keeps who holds which node, and nothing else of what is open', async () => {
  const host = constructedHost({
    ...VIDEO,
    '/proc/1/fd/0': '->/dev/null',
    ...opens(700, 'cheese', '/dev/video0', '/home/me/letter.odt', '/dev/shm/secret', '/dev/pts/3'),
  });
  const recorder = recorderOf(host);
  const { nodes } = await collect(recorder.host, ['nodes']);
  assert.equal(nodes?.[0]?.openBy?.[0]?.command, 'cheese');
  const capture = recorder.capture({ by: 'a test', kind: 'constructed', from: 'a test' });
  assert.doesNotMatch(JSON.stringify(capture), /letter|secret|pts/);
  assert.deepEqual((await collect(captureHost(capture), ['nodes'])).nodes, nodes);
});
