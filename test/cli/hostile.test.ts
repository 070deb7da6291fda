import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRun } from '../../src/cli/command-run.ts';
import { collectAll } from '../../src/facts/collect.ts';
import { captureHost } from '../../src/host/capture.ts';
import { recorderOf } from '../../src/host/recorder.ts';
import type { Board } from '../../src/host/simulated/board.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../src/host/simulated/index.ts';
import { harmless, jsonText } from '../../src/report/terminal.ts';

/** Sets a title, clears the screen, turns the direction, breaks lines: what XML lets through, and what a device may say. */
const XML = '\u009b2J\u202egnp\u2028FORGED line\u{e0041}\u00ad';
const ANY = `\u001b]0;owned\u0007\u001b[2J\u001b[8m\r\b\u007f${XML}`;
/** Blanks in a mount table are octal, and so may anything be. */
const OCTAL = '/srv/\\012FORGED\\040line\\033[2J';

const ACTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const COLOR = /\u001b\[\d+m/g;

function assertHarmless(text: string, what: string): void {
  const plain = text.replaceAll('\n', '').replace(COLOR, '');
  const at = plain.search(ACTS);
  assert.equal(at, -1, `${what}: ${JSON.stringify(plain.slice(Math.max(0, at - 60), at + 20))}`);
  assert.doesNotMatch(text, /^FORGED/m, what);
}

function hostileBoard(): Board {
  const board = boardByName('rig-intel')!;
  const functions = board.functions.map((f) => ({
    ...f,
    name: f.name + ANY,
    sound: f.sound && { ...f.sound, id: `${f.sound.id}${ANY}`, name: f.sound.name + ANY },
    network: f.network && { ...f.network, name: `eth${ANY}` },
    disk: f.disk && { ...f.disk, mount: f.disk.mount === null ? null : OCTAL },
  }));
  const guests = board.guests.map((g) => ({
    ...g,
    xml: g.xml.replace(/<name>(.*)<\/name>/, `<name>$1${XML}</name><title>${XML}</title>`),
  }));
  const vendors = Object.fromEntries(Object.entries(board.vendors).map(([id, name]) => [id, name + ANY]));
  const kernel = { ...board.kernel, arguments: `${board.kernel.arguments} x=${ANY}` };
  return { ...board, functions, guests, vendors, kernel, hostName: ANY, cpu: { ...board.cpu, model: ANY } };
}

const TONE = '0a000000-0000-4000-8000-000000000001';
const LOOKS: readonly (readonly string[])[] = [
  ['status'],
  ['list'],
  ['list', '--by', 'group'],
  ['show', '01:00.0', '--verbose'],
  ['show', '00:03.0', '--verbose'],
  ['doctor', '--verbose'],
  ['doctor', '01:00.0', '00:03.0', '--guest', TONE, '--verbose'],
  ['assign', '00:03.0', TONE, '--dry-run'],
  ['assign', '01:00.0', TONE, '--dry-run'],
  ['assign', '01:00.0', 'nosuch', '--yes'],
  ['show', 'audio'],
  ['history'],
];

test('whatever guests, devices and the kernel are called, nothing of it acts on the terminal', async () => {
  const host = simulatedHost(hostileBoard());
  host.state.kernel.log.push(`[    9.000000] vfio-pci 0000:01:00.0: ${ANY}`);
  let shown = '';
  const vfioctl = async (...argv: string[]) => {
    const { stdout, stderr, exit } = await commandRun(host, argv, { color: true });
    assert.notEqual(exit, 1, stderr);
    assertHarmless(stdout + stderr, argv.join(' '));
    shown += stdout + stderr;
  };
  for (const argv of LOOKS) await vfioctl(...argv);
  for (const verb of ['status', 'list', 'history']) await vfioctl(verb, '--json');
  await vfioctl('assign', '01:00.0', TONE, '--dry-run', '--format', 'sh');
  for (const flag of ['--verbose', '--events']) {
    await vfioctl('assign', '01:00.0', TONE, '--yes', flag);
    await vfioctl('undo', '--yes');
  }
  await vfioctl('assign', '01:00.0', TONE, '--start', '--yes');
  await vfioctl('verify', TONE, '--json');
  await vfioctl('status');
  await vfioctl('release', '01:00.0', '--stop', '--yes', '--verbose');
  await vfioctl('history');
  assert.ok(
    shown.includes('\\x9b2J\\u{202e}gnp') && shown.includes('\\u202e'),
    'it was shown, as text and as JSON',
  );
  assert.ok(shown.includes('\\x1b]0;owned\\x07'), 'also what no XML lets through');
});

test('nor does anything of a stranger’s capture', async () => {
  const recorder = recorderOf(simulatedHost(hostileBoard()));
  await collectAll(recorder.host);
  const capture = recorder.capture({ by: ANY, kind: 'recorded', from: ANY });
  const named = { ...capture, made: { ...capture.made, origin: { kind: 'live' as const, name: ANY } } };
  const host = captureHost(named);
  for (const argv of [...LOOKS, ['assign', '01:00.0', TONE, '--yes'], ['capture', '-'], ['undo']]) {
    const { stdout, stderr, exit } = await commandRun(host, argv);
    assert.notEqual(exit, 1, stderr);
    assertHarmless(stdout + stderr, argv.join(' '));
  }
});

test('harmless text keeps what people write, and JSON its value', () => {
  const people = 'Größe 大 🎹 naïve — “ok”';
  assert.equal(harmless(people), people);
  assert.equal(harmless('a\tb\u001b[1m\nc'), 'a\\x09b\\x1b[1m\\x0ac');
  assert.equal(harmless('\u{e0041}\ud800'), '\\u{e0041}\\u{d800}');
  for (const value of [ANY, { [ANY]: [XML, people] }, '\ud800', 'a\nb'])
    for (const indent of [0, 2]) {
      assert.deepEqual(JSON.parse(jsonText(value, indent)), value);
      assertHarmless(jsonText(value, indent), 'jsonText');
    }
});
