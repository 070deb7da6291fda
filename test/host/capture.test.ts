import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { type Capture, captureHost, captureLoad } from '../../src/host/capture.ts';
import type { Host } from '../../src/host/host.ts';
import { recorderOf } from '../../src/host/recorder.ts';
import { rootHost } from '../../src/host/root.ts';
import { fill, temporaryDirectory } from './temporary.ts';

const invalid = (words: RegExp) => (error: unknown) =>
  error instanceof Failure &&
  error.code === 'capture-invalid' &&
  error.message.startsWith('a.json ') &&
  words.test(error.message);

const small = {
  schema: 'vfioctl/capture/1',
  made: {
    by: 'vfioctl 0.1.0',
    at: '2026-11-25T09:00:00.000Z',
    bootId: null,
    origin: { kind: 'live', name: 'f20host' },
    root: true,
    kind: 'constructed',
    from: 'a test',
  },
  tree: { '/proc/cmdline': { f: 'quiet\n' } },
  runs: [{ argv: ['dmesg'], code: 0, stdout: 'x\n', stderr: '' }],
} satisfies Capture;

test('what is no capture, cut off, newer or damaged is told in one line', () => {
  const text = JSON.stringify(small);
  const load = (t: string) => () => captureLoad(t, 'a.json');
  assert.throws(load(text.slice(0, -10)), invalid(/cut off after \d+ characters/));
  assert.throws(load('Nov 25 kernel: hello'), invalid(/is no JSON/));
  assert.throws(load('{"a": 1}'), invalid(/is no capture/));
  assert.throws(load('[]'), invalid(/is no capture/));
  assert.throws(load('null'), invalid(/is no capture/));
  assert.throws(load(text.replace('capture/1', 'snapshot/1')), invalid(/is a vfioctl\/snapshot\/1 document/));
  assert.throws(load(text.replace('capture/1', 'capture/12')), invalid(/newer vfioctl \(capture version 12/));
  assert.throws(load(text.replace('{"f":', '{"q":')), invalid(/damaged entry for \/proc\/cmdline/));
  assert.throws(load(text.replace('"argv":["dmesg"]', '"argv":"dmesg"')), invalid(/damaged command/));
  assert.throws(load(text.replace('"root":true,', '')), invalid(/where it was made/));
  assert.deepEqual(captureLoad(text, 'a.json'), small);
});

test('a capture answers what was recorded, and says what was not', async () => {
  const host = captureHost(small);
  assert.deepEqual(host.origin, { kind: 'capture', name: 'f20host' });
  assert.deepEqual(host.read('/proc/cmdline'), { state: 'read', value: 'quiet\n' });
  assert.deepEqual(host.read('/proc/cmdline', 3), { state: 'read', value: 'qui' });
  assert.deepEqual(host.read('/proc/meminfo'), { state: 'unreadable', why: 'not in this capture' });
  assert.equal((await host.run(['dmesg'])).stdout, 'x\n');
  const unknown = await host.run(['virsh', 'list']);
  assert.equal(unknown.code, null);
  assert.match(unknown.stderr, /not in this capture/);
  assert.equal(host.now().toISOString(), small.made.at);
  assert.throws(
    () => host.write('/proc/cmdline', 'x'),
    (e: unknown) => e instanceof Failure && e.code === 'read-only',
  );
});

test('a recorder keeps what was read by any name, links and absences included', (t) => {
  const top = temporaryDirectory(t);
  fill(top, {
    'sys/devices/pci0000:00/0000:00:1b.0/vendor': '0x8086\n',
    'sys/devices/pci0000:00/0000:00:1b.0/config': new Uint8Array([0x86, 0x80, 0xff, 0xfe]),
    'sys/devices/pci0000:00/0000:00:1b.0/rom': 'never read',
    'sys/bus/pci/devices/0000:00:1b.0': '->../../../devices/pci0000:00/0000:00:1b.0',
    'dev/kvm': '',
  });
  const recorder = recorderOf(rootHost(top));
  const card = '/sys/bus/pci/devices/0000:00:1b.0';
  const look = (host: Host) => [
    host.list('/sys/bus/pci/devices'),
    host.list(card),
    host.link(card),
    host.read(`${card}/vendor`),
    [...((host.readBytes(`${card}/config`, 64) as { value: Uint8Array }).value ?? [])],
    host.link(`${card}/driver`),
    host.real(card),
    host.exists('/dev/kvm'),
    host.exists('/dev/vfio/vfio'),
    host.read('/proc/cmdline'),
    host.list('/sys/class/drm'),
  ];
  const live = look(recorder.host).map((reading) => JSON.stringify(reading));
  const capture = recorder.capture({ by: 'x', kind: 'recorded', from: null });
  const text = JSON.stringify(capture);
  assert.deepEqual(
    look(captureHost(captureLoad(text, 'x'))).map((reading) => JSON.stringify(reading)),
    live,
  );
  assert.ok(!text.includes('never read'));
  assert.equal(Object.keys(capture.tree).filter((path) => path.endsWith('/vendor')).length, 1);
  assert.equal(captureHost(capture).read(`${card}/rom`).state, 'unreadable');
});

test('a long command output keeps its beginning and its end', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `[${i}] a line of the kernel log, number ${i}\n`);
  const runs = [{ argv: ['dmesg'], code: 0, stdout: lines.join(''), stderr: '' }];
  const recorder = recorderOf(captureHost({ ...small, runs }));
  await recorder.host.run(['dmesg']);
  const { stdout } = recorder.capture({ by: 'x', kind: 'recorded', from: null }).runs[0]!;
  assert.ok(stdout.length < 401_000 && stdout.length > 390_000, `${stdout.length}`);
  assert.ok(stdout.startsWith(lines[0]!) && stdout.endsWith(lines.at(-1)!));
  assert.match(stdout, /^\[vfioctl left out \d+ characters\]$/m);
});

test('of what processes have open only devices and TCP are recorded, and of environments one variable', (t) => {
  const top = temporaryDirectory(t);
  fill(top, {
    'proc/7/fd/0': '->/home/somebody/diary.txt',
    'proc/7/fd/1': '->/dev/dri/card0',
    'proc/9/fd/0': '->/home/somebody/letter.txt',
    'proc/7/fd/2': '->socket:[777]',
    'proc/7/fd/3': '->socket:[778]',
    'proc/net/tcp': 'sl\n 0: 0100000A:0016 0200000A:C366 01 0:0 0:0 0 0 0 777 1\n',
    'proc/7/environ': 'TOKEN=of somebody\0SSH_CONNECTION=10.0.0.2 50022 10.0.0.1 22\0',
  });
  const recorder = recorderOf(rootHost(top));
  recorder.host.read('/proc/net/tcp');
  recorder.host.read('/proc/7/environ');
  for (const pid of ['7', '9']) {
    const fds = recorder.host.list(`/proc/${pid}/fd`);
    assert.equal(fds.state, 'read');
    for (const fd of fds.state === 'read' ? fds.value : []) recorder.host.link(`/proc/${pid}/fd/${fd}`);
  }
  const capture = recorder.capture({ by: 'x', kind: 'recorded', from: null });
  assert.ok(!JSON.stringify(capture).includes('somebody'));
  assert.deepEqual(captureHost(capture).list('/proc/7/fd'), { state: 'read', value: ['1', '2'] });
  assert.deepEqual(captureHost(capture).link('/proc/7/fd/1'), { state: 'read', value: '/dev/dri/card0' });
  assert.deepEqual(captureHost(capture).list('/proc/9/fd'), { state: 'read', value: [] });
});
