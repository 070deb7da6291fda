import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { testGuest, virshOk } from '../libvirtd.ts';
import { ownFolder, ownSystemd } from './mounted.ts';

// The real command line, a real systemd with its own timers, the real libvirtd: two runs are armed, one is kept. As
// the other's switch fires somebody holds the lock, so that its service has to come again.
const root = join(import.meta.dirname, '../..');
const folder = ownFolder();
const address = readdirSync('/sys/bus/pci/devices').find((a) =>
  existsSync(`/sys/bus/pci/devices/${a}/driver`),
)!;
const [, domain, bus, slot, fn] = /^(\w+):(\w+):(\w+)\.(\w)$/.exec(address)!;
const devices = `<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/></source></hostdev>`;

test('a run that nobody keeps is taken back by systemd, when the lock is free; a kept one stays', async (t) => {
  const left = await testGuest(t, { machine: 'q35', devices });
  const kept = await testGuest(t, { machine: 'q35', devices });
  const definition = (uuid: string) => virshOk(['dumpxml', '--inactive', '--security-info', uuid]);
  const before = [definition(left.uuid), definition(kept.uuid)];
  const stateDir = join(folder, 'state');
  const vfioctl = `'${process.execPath}' '${join(root, 'dist/vfioctl.js')}'`;
  const release = (name: string) =>
    `${vfioctl} release ${address} --from ${name} --yes --dead-man 10s --state-dir '${stateDir}'`;
  const script = join(folder, 'script');
  writeFileSync(
    script,
    [
      'set -e',
      release(kept.name),
      `${vfioctl} keep 1 --state-dir '${stateDir}'`,
      release(left.name),
      'systemctl is-active vfioctl-dead-man-1.timer || true',
      'systemctl is-active vfioctl-dead-man-2.timer',
      'flock /run/vfioctl/lock sleep 12',
      'sleep 4',
      'systemctl is-active vfioctl-dead-man-2.timer vfioctl-dead-man-2.service || true',
    ].join('\n'),
  );
  const [command = '', ...args] = ownSystemd(folder, ['sh', script]);
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^release: done; at .* unless you say: vfioctl keep 2$/m);
  assert.match(stdout, /^run 1 stays\n[\s\S]*^inactive\nactive\ninactive\ninactive\n$/m);

  assert.equal(definition(left.uuid), before[0], 'taken back');
  assert.notEqual(definition(kept.uuid), before[1], 'released for good');
  const records = (run: number) =>
    readFileSync(join(stateDir, `runs/00000${run}.ndjson`), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; at: string; status?: string });
  assert.equal(records(1).at(-1)?.type, 'keep');
  assert.equal(records(2).at(-1)?.status, 'undone');
  const at = (type: string) => Date.parse(records(2).findLast((r) => r.type === type)!.at);
  const late = at('end') - at('dead-man');
  assert.ok(late > 11_000, `not while the lock was held, but started again after it: ${late} ms`);
});
