import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commandRun } from '../../src/cli/command-run.ts';
import { hostOpen } from '../../src/host/open.ts';
import { assertDocument } from './schemas.ts';

const folder = mkdtempSync(join(tmpdir(), 'vfioctl-bad-input-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const cut = file('cut.json', '{"schema":"vfioctl/capture/1","made":{"by":"vfioctl 0.1');
const newer = file('newer.json', '{"schema":"vfioctl/capture/2","made":{}}');
const other = file('other.json', '{"schema":"vfioctl/plan/1"}');
const rig = ['--host', 'sim:rig-intel'];

/** argv, exit code, what the one line must say: the input, the reason, the next step. */
const CASES: readonly (readonly [readonly string[], number, RegExp])[] = [
  [['list', 'nosuch', ...rig], 2, /no PCI function matches 'nosuch'; vfioctl list/],
  [['show', '09:00.0', ...rig], 2, /no PCI function matches '09:00.0'/],
  [
    ['show', 'audio', ...rig],
    2,
    /'audio' matches 3 functions: 00:1b.0 .*; 00:1f.4 .*; 01:00.0 .*; name one by its address/,
  ],
  [['assign', '01:00.0', 'nosuch', '--yes', ...rig], 2, /there is no guest 'nosuch'; there are: /],
  [['assign', '01:00.0', '7', '--yes', ...rig], 2, /there is no guest '7'; there are: .*\b5\b/],
  [['assign', '01:00.0', ...rig], 2, /DEVICE… GUEST/],
  [['assign', '01:00.0', 'tone', ...rig], 3, /nobody is there to be asked; add --yes/],
  [['assign', '01:00.0', 'tone', '--slot', 'zz', '--yes', ...rig], 2, /zz/],
  [['release', '01:00.0', '--from', 'tone', '--yes', ...rig], 2, /tone has none of 01:00.0; vfioctl status/],
  [['undo', 'x', ...rig], 2, /'x' is no run number; vfioctl history/],
  [['undo', '7', '--yes', ...rig], 2, /there is no run 7; vfioctl history/],
  [['list', '--host', join(folder, 'none.json')], 2, /no such file or directory/],
  [['list', '--host', cut], 2, /cut.json.*cut off/],
  [['list', '--host', newer], 2, /newer.json.*newer/],
  [['list', '--host', other], 2, /other.json/],
  [['list', '--host', 'sim:none'], 2, /there is no simulated host 'none'; there are: i7-2620m/],
  [['status', '--connect', 'qemu+ssh://elsewhere/system'], 2, /only a local libvirt/],
  [
    ['attach', '01:00.0', 'tone'],
    2,
    /'attach' is no command here; the nearest is: vfioctl assign DEVICE GUEST/,
  ],
  [['detach', '01:00.0'], 2, /vfioctl release DEVICE/],
  [['frobnicate'], 2, /frobnicate/],
  [['list', '--frobnicate'], 2, /--frobnicate/],
];

for (const [argv, exit, says] of CASES) {
  test(`vfioctl ${argv.map((a) => a.replace(folder, '…')).join(' ')}`, async () => {
    const result = await commandRun(hostOpen, argv);
    assert.equal(result.exit, exit, result.stderr);
    assert.match(result.stderr, says);
    // The plan may stand before the line that says no; the line itself is one.
    assert.equal(
      result.stderr
        .trimEnd()
        .split('\n')
        .filter((l) => says.test(l)).length,
      1,
    );
  });
}

test('a program gets the same as a document', async () => {
  const { stdout, exit } = await commandRun(hostOpen, ['show', 'nosuch', '--json', ...rig]);
  assert.equal(exit, 2);
  assert.equal(assertDocument(stdout).code, 'not-found');
});

test('libvirt elsewhere by the environment is refused, not followed', async () => {
  const { uriOf } = await import('../../src/cli/flags.ts');
  assert.equal(uriOf({}, {}), 'qemu:///system');
  assert.equal(uriOf({}, { LIBVIRT_DEFAULT_URI: 'qemu:///session' }), 'qemu:///system');
  assert.throws(() => uriOf({}, { LIBVIRT_DEFAULT_URI: 'qemu+tls://elsewhere/system' }), { code: 'usage' });
});
