import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRun } from '../../../src/cli/command-run.ts';
import { collectAll } from '../../../src/facts/collect.ts';
import { captureRedact, redactionOf } from '../../../src/facts/redact/capture.ts';
import { findingsOf } from '../../../src/findings/index.ts';
import { type Capture, captureHost, captureLoad } from '../../../src/host/capture.ts';
import { recorderOf } from '../../../src/host/recorder.ts';
import { boardByName } from '../../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../../src/host/simulated/index.ts';
import { modelOf } from '../../../src/model/model.ts';
import { recordedCapture } from '../hosts.ts';
import { guidBytes, PLANTED, plantedCapture } from './planted.ts';

/** A planted secret in every form in which it could still be read. */
const FORMS = Object.entries(PLANTED).flatMap(([name, value]) => [
  [name, value] as const,
  ...(/[:-]/.test(value) && /^[0-9a-f:-]+$/i.test(value)
    ? [[`${name}, bare`, value.replace(/[:-]/g, '')] as const]
    : []),
]);
/** 203.0.113.77 and 2001:db8:a11c:e5:: as /proc/net has them, and the MAC address within an IPv6 address. */
const DIGITS = [
  '4D7100CB',
  '417100CB',
  '176433C6',
  'B80D0120E5001CA1',
  '20010db8a11c00e5',
  'e65f01fffea11ce5',
];

function assertNoneIn(text: string, where: string): void {
  const lower = text.toLowerCase();
  for (const [name, value] of FORMS)
    assert.ok(!lower.includes(value.toLowerCase()), `${where} tells the ${name}: ${value}`);
  for (const digits of DIGITS) assert.ok(!lower.includes(digits.toLowerCase()), `${where} tells ${digits}`);
}

async function findings(capture: Capture) {
  const model = modelOf(await collectAll(captureHost(capture)));
  const questions = [null, ...model.guests.map((g) => g.uuid)];
  return questions.flatMap((guest) =>
    findingsOf(model, { functions: [...model.functions.keys()], guest, slot: null }),
  );
}

function mapped(value: unknown, text: (t: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((v) => mapped(v, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, mapped(v, text)]));
}

test('what is planted in a capture is everywhere in it', async () => {
  const capture = await plantedCapture();
  const text = JSON.stringify(capture).toLowerCase();
  for (const [name, value] of Object.entries(PLANTED)) {
    // libvirt gives no password out unless it is asked for by name.
    if (name !== 'password') assert.ok(text.includes(value.toLowerCase()), `${name} is planted`);
  }
  for (const digits of DIGITS) assert.ok(text.includes(digits.toLowerCase()), `${digits} is planted`);
});

test('a redacted capture tells none of it, and nothing that is shown of it does', async () => {
  const redacted = captureRedact(await plantedCapture());
  const text = JSON.stringify(redacted);
  assertNoneIn(text, 'the capture');
  for (const [path, entry] of Object.entries(redacted.tree)) {
    if (!('b' in entry)) continue;
    const bytes = Buffer.from(entry.b, 'base64');
    assertNoneIn(bytes.toString('latin1'), path);
    assertNoneIn(bytes.toString('utf16le'), path);
    assert.ok(!bytes.includes(guidBytes(PLANTED.partition)), path);
  }
  const host = captureHost(captureLoad(text, 'redacted.json'));
  for (const argv of [
    ['status', '--json'],
    ['list'],
    ['doctor', '00:1b.0', '--guest', 'f20vm', '--verbose'],
    ['doctor', '00:1b.0', '--json'],
    ['show', '00:19.0', '--verbose'],
    ['assign', '00:1b.0', 'f20vm', '--dry-run'],
    ['assign', '00:1b.0', 'f20vm', '--dry-run', '--json'],
    ['assign', '00:1b.0', 'f20vm', '--dry-run', '--events'],
    ['assign', '00:1b.0', 'f20vm', '--dry-run', '--format', 'sh'],
  ]) {
    const { stdout, stderr, exit } = await commandRun(host, argv);
    assert.notEqual(exit, 1, stderr);
    assertNoneIn(stdout + stderr, `vfioctl ${argv.join(' ')}`);
  }
});

test('the same is found in it: by the routes, the mounts and the sockets that it still has', async () => {
  const capture = await plantedCapture();
  const { capture: redacted, text } = redactionOf(capture);
  const found = await findings(redacted);
  assert.deepEqual(found, mapped(await findings(capture), text));
  const { network = [], storage = [] } = await collectAll(captureHost(redacted));
  const nic = network.find((n) => n.name.startsWith('enx'))!;
  assert.ok(
    nic.defaultRoute && nic.loads!.some((l) => l.kind === 'ssh' && l.what === 'your own SSH session'),
  );
  assert.match(nic.loads!.find((l) => l.kind === 'nfs')!.what, /^\/home\/user-1\/file-\d$/);
  assert.ok(storage.length > 0);
});

test('the same is found in recorded and simulated hosts', async () => {
  const captures = ['rig-intel-running', 'rig-amd'].map(recordedCapture);
  for (const name of ['i7-2620m']) {
    const recorder = recorderOf(simulatedHost(boardByName(name)!));
    await collectAll(recorder.host);
    captures.push(recorder.capture({ by: 'a test', kind: 'constructed', from: null }));
  }
  for (const capture of captures) {
    const { capture: redacted, text } = redactionOf(capture);
    const found = await findings(redacted);
    assert.ok(found.length > 10);
    assert.deepEqual(found, mapped(await findings(capture), text), capture.made.origin.name);
  }
});

test('what was the same is the same still, and what is redacted stays so', async () => {
  const capture = await plantedCapture();
  const { capture: redacted, text } = redactionOf(capture);
  assert.equal(text(PLANTED.cardMac), text(PLANTED.cardMac.toUpperCase()));
  assert.notEqual(text(PLANTED.cardMac), text(PLANTED.guestMac));
  assert.match(text(PLANTED.cardMac), /^02:00:00:00:00:0\d$/);
  assert.equal(
    text(`[enx${PLANTED.cardMac.replaceAll(':', '')}]`),
    `[enx${text(PLANTED.cardMac).replaceAll(':', '')}]`,
  );
  for (const kept of [
    '127.0.0.1',
    '255.255.255.192',
    '::1',
    '0000:00:1a.0',
    'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
    '6.1.0-56-amd64',
  ])
    assert.equal(text(kept), kept);
  // Of one network before, of one network after.
  const [a, b] = [text(PLANTED.four), text(PLANTED.gateway)].map((address) => address.split('.').map(Number));
  assert.deepEqual([a!.slice(0, 3), a![3]! >> 6], [b!.slice(0, 3), b![3]! >> 6]);
  assert.equal(redacted.made.redacted, true);
  assertNoneIn(JSON.stringify(captureRedact(redacted)), 'redacted twice');
});
