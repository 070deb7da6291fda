import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

// The command line as it is published, on every runtime that it is published for. Built by `npm test` before.
const root = join(import.meta.dirname, '../..');
const bundle = join(root, 'dist/vfioctl.js');
const executable = join(root, 'dist/vfioctl-linux-x64');
const folder = mkdtempSync(join(tmpdir(), 'vfioctl-runtimes-'));
after(() => rmSync(folder, { recursive: true }));

const machineNode = spawnSync(
  '/usr/bin/env',
  ['-i', 'PATH=/usr/local/bin:/usr/bin:/bin', 'node', '--version'],
  { encoding: 'utf8' },
);
const [major = 0, minor = 0] =
  /^v(\d+)\.(\d+)/
    .exec(machineNode.stdout ?? '')
    ?.slice(1)
    .map(Number) ?? [];
const oldest =
  major > 20 || (major === 20 && minor >= 19)
    ? ['/usr/bin/env', '-i', 'PATH=/usr/local/bin:/usr/bin:/bin', 'node', bundle]
    : null;

const runtimes: Readonly<Record<string, readonly string[]>> = {
  'the development Node': [process.execPath, bundle],
  'the executable': [executable],
  // A machine whose own Node is older than 20.19 cannot run the bundle, and the README says so.
  ...(oldest ? { [`the machine's Node ${machineNode.stdout.trim()}`]: oldest } : {}),
};

before(() => {
  for (const file of [bundle, executable]) accessSync(file);
});

const COMMANDS: readonly (readonly [readonly string[], number])[] = [
  [['--version'], 0],
  [['try', '--json'], 0],
  [['try'], 0],
  [['try', '--json', '--break', 'card-muted'], 7],
  [['list', '--json', '--host', 'sim:rig-intel'], 0],
  [['show', '00:1f.4', '--host', 'sim:rig-intel'], 0],
  [['doctor', '--host', 'sim:i7-2620m'], 7],
  [['assign', '01:00.0', 'tone', '--start', '--yes', '--host', 'sim:rig-intel'], 0],
  [['assign', '00:1f.4', 'tone', '--start', '--yes', '--host', 'sim:rig-intel'], 3],
  [['show'], 2],
  [['nosuch'], 2],
  [['list', '--nosuch'], 2],
  [['list', '--host', '/nonexistent'], 2],
  [['attach', 'x', 'y'], 2],
];

const run = (runtime: readonly string[], args: readonly string[]) =>
  spawnSync(runtime[0]!, [...runtime.slice(1), ...args], { encoding: 'utf8', input: '', timeout: 60_000 });

for (const [args, exit] of COMMANDS) {
  test(`vfioctl ${args.join(' ')}: the same on ${Object.keys(runtimes).length} runtimes`, () => {
    const results = Object.entries(runtimes).map(([name, runtime]) => ({ name, ...run(runtime, args) }));
    for (const { name, status, stdout, stderr } of results) {
      assert.equal(status, exit, `${name}: ${stderr}`);
      assert.equal(stdout, results[0]!.stdout, name);
      assert.equal(stderr, results[0]!.stderr, name);
    }
  });
}

for (const [name, runtime] of Object.entries(runtimes)) {
  test(`${name} looks at this machine, and takes a capture of it that answers the same`, () => {
    const live = run(runtime, ['list', '--json']);
    assert.equal(live.status, 0, live.stderr);
    const file = join(folder, `${name.replace(/\W/g, '-')}.json`);
    const taken = run(runtime, ['capture', file]);
    assert.equal(taken.status, 0, taken.stderr);
    assert.ok(readFileSync(file).length < 2 * 1024 * 1024);
    const replayed = run(runtime, ['list', '--json', '--host', file]);
    assert.equal(replayed.stdout, live.stdout);
  });
}

test('the shell of the simulated host takes commands from a pipe', () => {
  for (const runtime of Object.values(runtimes)) {
    const { stdout, status } = spawnSync(runtime[0]!, [...runtime.slice(1), 'try', '--shell'], {
      encoding: 'utf8',
      input:
        'vfioctl prepare --yes\nreboot\nvfioctl assign 00:1b.0 f20vm --yes\nvfioctl undo --yes\nvfioctl history\n',
    });
    assert.match(stdout, /1 .* done +prepare/);
    assert.match(stdout, /2 .* undone +assign +00:1b.0 +f20vm/);
    assert.equal(status, 0);
  }
});
