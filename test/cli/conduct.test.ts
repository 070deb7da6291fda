import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandRun } from '../../src/cli/command-run.ts';
import type { Host, RunResult } from '../../src/host/host.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { type SimulatedHost, simulatedHost } from '../../src/host/simulated/index.ts';
import { assertDocument } from './schemas.ts';

const rig = () => simulatedHost(boardByName('rig-intel')!);

/** The simulated host with some of its members replaced. */
function changed(host: SimulatedHost, change: Partial<Host>): Host {
  return new Proxy(host, {
    get(target, name) {
      const value = name in change ? change[name as keyof Host] : Reflect.get(target, name, target);
      return typeof value === 'function' && !(name in change) ? value.bind(target) : value;
    },
  });
}

/** Everything that makes the host what it is; the clock and what only reading moves are left out. */
const stateOf = (host: SimulatedHost) => JSON.stringify({ ...host.toJSON(), clock: 0, nextPid: 0 });

test('who is not root is told so before anything is changed', async () => {
  const host = rig();
  const before = stateOf(host);
  for (const argv of [
    ['assign', '01:00.0', 'tone'],
    ['release', '01:00.0'],
  ]) {
    const user = changed(host, { writable: false, root: false });
    const { exit, stderr } = await commandRun(user, [...argv, '--yes']);
    if (argv[0] === 'release') assert.equal(exit, 0, 'nothing to release is nothing to be root for');
    else {
      assert.equal(exit, 3);
      assert.match(stderr, /you are not root; run it with sudo/);
    }
  }
  assert.equal(stateOf(host), before);
});

test('without libvirt the looks still work, and the changes say what is missing', async () => {
  const answers = (stderr: string, code: number): Partial<Host> => ({
    run: async (argv): Promise<RunResult> => ({
      argv,
      code: argv[0] === 'virsh' ? code : 127,
      stdout: '',
      stderr,
      ms: 1,
      timedOut: false,
    }),
  });
  const absent = answers('virsh: not found', 127);
  const down = answers(
    "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory\n",
    1,
  );
  for (const [change, says] of [
    [absent, /virsh is not installed/],
    [down, /libvirt does not answer: .*No such file or directory/],
  ] as const) {
    const host = changed(rig(), change);
    assert.equal((await commandRun(host, ['list'])).exit, 0);
    const status = await commandRun(host, ['status']);
    assert.equal(status.exit, 7);
    assert.match(status.stdout, says);
    for (const argv of [
      ['assign', '01:00.0', 'tone', '--yes'],
      ['release', '01:00.0', '--yes'],
      ['verify', 'tone'],
    ]) {
      const { exit, stderr } = await commandRun(host, argv);
      assert.equal(exit, 3, argv.join(' '));
      assert.match(stderr, says);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    }
  }
});

/** Stands where a difference shows it: right beside what a lend puts in and takes out. */
const PLANTED = `    <disk type='network' device='disk'>
      <source protocol='nbd' name='x'><host name='nas.alice.example' port='1'/><auth username='acollins'/></source>
      <target dev='vdz' bus='virtio'/>
      <serial>S3Z9NB0K123456X</serial>
      <wwn>5002538e40a1b2c3</wwn>
    </disk>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1050'/></source><alias name='ua-a'/></hostdev>
    <interface type='user'><mac address='52:54:00:a1:1c:e5'/></interface>
`;
const IDENTITIES = [
  'nas.alice.example',
  'acollins',
  'S3Z9NB0K123456X',
  '5002538e40a1b2c3',
  '52:54:00:a1:1c:e5',
];

test('no command shows a password of the guest, no difference tells whose it is, and undo keeps both', async () => {
  const board = boardByName('i7-2620m')!;
  const guests = board.guests.map((g) => ({
    ...g,
    xml: g.xml.replace('    <video>', `${PLANTED}    <video>`),
  }));
  const host = simulatedHost({ ...board, guests });
  const secret = /passwd='([^']+)'/.exec(JSON.stringify(host.toJSON()).replaceAll('\\"', '"'))?.[1];
  assert.ok(secret && secret.length > 3, 'the guest has a password to hide');
  const shown: string[] = [];
  const vfioctl = async (...argv: string[]) => {
    const { stdout, stderr } = await commandRun(host, argv);
    shown.push(stdout, stderr);
  };
  await vfioctl('prepare', '--yes');
  host.reboot();
  for (const flags of [[], ['--json'], ['--events'], ['--dry-run', '--format', 'sh'], ['--verbose']]) {
    await vfioctl('assign', '00:1b.0', 'f20vm', ...flags, '--dry-run');
    await vfioctl('assign', '00:1b.0', 'f20vm', '--start', '--yes', ...flags);
    await vfioctl('release', '00:1b.0', '--stop', '--yes', ...flags);
    await vfioctl('history', ...flags.filter((f) => f === '--json'));
    await vfioctl('undo', '--yes', ...flags.filter((f) => f === '--json'));
    await vfioctl('release', '00:1b.0', '--stop', '--yes');
  }
  for (const argv of [
    ['status'],
    ['list'],
    ['show', '00:1b.0'],
    ['doctor', '00:1b.0', '--guest', 'f20vm'],
    ['capture', '-'],
  ]) {
    const { exit, stdout, stderr } = await commandRun(host, argv);
    assert.ok(exit === 0 || exit === 7, `${argv[0]}: ${stderr}`);
    shown.push(stdout, stderr);
  }
  const told = shown.slice(0, -2).join('');
  for (const identity of IDENTITIES) assert.ok(!told.includes(identity), `${identity} was shown`);
  assert.match(told, /<(mac address='|serial>|wwn>)\(hidden \d\)/, 'a difference came by them');
  assert.ok(shown.join('').length > 10_000);
  assert.ok(!shown.join('').includes(secret), 'a password was shown');
  assert.match(JSON.stringify(host.toJSON()), new RegExp(`passwd='${secret}'`), 'the guest still has it');
});

test('--events: a line each, the result last', async () => {
  const { stdout, exit } = await commandRun(rig(), [
    'assign',
    '01:00.0',
    'tone',
    '--start',
    '--yes',
    '--events',
  ]);
  assert.equal(exit, 0);
  const documents = stdout.trimEnd().split('\n').map(assertDocument);
  assert.deepEqual(
    documents.slice(0, 3).map((d) => d.text),
    ["put 01:00.0 into tone's definition", "note in tone's metadata who is lent", 'start tone'],
  );
  assert.equal(documents.at(-1)?.schema, 'vfioctl/run/1');
});

const VERBS = [
  'status',
  'doctor',
  'list',
  'show',
  'assign',
  'verify',
  'release',
  'history',
  'undo',
  'prepare',
  'capture',
];
const WORDS = [
  '01:00.0',
  '00:1b',
  '8086:2668',
  'audio',
  'tone',
  '5',
  '',
  ' ',
  '-',
  '--',
  '/dev/null',
  '\u001b[2J',
  "'; rm -rf /",
  '0000:00:1b.0',
  '--json',
  '--yes',
  '--start',
  '--slot',
  '--with-group',
  '--from',
  '--dry-run',
  '--by',
  'group',
  '99999999999',
  '\u0000',
  '\u202e',
  'constructor',
  '__proto__',
  'sim:constructor',
  '--host',
  '--accept',
  'toString=x',
  '--dead-man',
  '--redact',
];

test('no command line makes it crash: every one ends with a code of the set, and no stack', async () => {
  const allowed = [0, 2, 3, 4, 5, 6, 7];
  const argv = fc.tuple(
    fc.constantFrom(...VERBS),
    fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 12 })), { maxLength: 5 }),
  );
  await fc.assert(
    fc.asyncProperty(argv, async ([verb, words]) => {
      const { exit, stderr } = await commandRun(rig(), [verb, ...words]);
      assert.ok(allowed.includes(exit), `exit ${exit}: ${stderr}`);
      assert.doesNotMatch(stderr, /this is a fault of vfioctl/);
      assert.doesNotMatch(
        stderr,
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/,
        'what was typed is not let loose on the terminal',
      );
    }),
    { numRuns: 150 },
  );
});
