import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/failure.ts';
import type { Host, RunResult } from '../../../src/host/host.ts';
import { poolPlaces } from '../../../src/host/libvirt/pool.ts';
import { constructedHost } from '../../facts/hosts.ts';

/** Answers in the form that libvirt 9.0 gave them to virsh; the pools are constructed. */
function answering(answer: Partial<RunResult>): { host: Host; asked: string[][] } {
  const asked: string[][] = [];
  const host: Host = {
    ...constructedHost({}),
    run: async (argv) => {
      asked.push([...argv]);
      return { argv, code: 0, stdout: '', stderr: '', ms: 1, timedOut: false, ...answer };
    },
  };
  return { host, asked };
}

const URI = 'qemu:///system';

test('the devices and the directory of a pool, by a name that virsh would take for a command', async () => {
  const { host, asked } = answering({
    stdout: `<pool type='logical'>
  <name>a; destroy</name>
  <source><device path='/dev/sdb1'/><device path='/dev/sdc1'/><name>vg0</name></source>
  <target><path>/dev/vg0</path></target>
</pool>
`,
  });
  assert.deepEqual(await poolPlaces(host, URI, 'a; destroy'), ['/dev/sdb1', '/dev/sdc1', '/dev/vg0/']);
  assert.deepEqual(asked[0]?.slice(-3), ['pool-dumpxml', '--pool', 'a; destroy']);
});

test('a pool that is not there lies nowhere; a daemon that is away is no such answer', async () => {
  const stderr =
    "error: failed to get pool 'x'\nerror: Storage pool not found: no storage pool with matching name 'x'\n";
  assert.deepEqual(await poolPlaces(answering({ code: 1, stderr }).host, URI, 'x'), []);
  const away =
    "error: failed to get pool 'x'\nerror: Failed to connect socket to '/run/libvirt/virtstoraged-sock': No such file or directory\n";
  await assert.rejects(poolPlaces(answering({ code: 1, stderr: away }).host, URI, 'x'), Failure);
});
