import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addressRead } from '../../src/facts/network-address.ts';
import { routeInterfaces, routesRead } from '../../src/facts/route-table.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';

/** The kernel's own bridge, routes and sockets, in a network namespace; it needs root. */

interface Seen extends Pick<Snapshot, 'network' | 'gaps'> {
  /** Address and the interface that `ip route get` names. */
  readonly routes: readonly (readonly [string, string])[];
  readonly tables: readonly [string, string];
}

test('a session over a bridge is its port’s, by what this kernel shows', () => {
  const script = fileURLToPath(import.meta.resolve('./network-namespace.ts'));
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', '--mount', process.execPath, script], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.equal(status, 0, stderr);
  const { network = [], gaps, routes, tables }: Seen = JSON.parse(stdout);
  // The networks of the machine around the test are others, and are said to be.
  const around = gaps.filter((gap) => gap.fact === 'network.namespaces').map((gap) => gap.why);
  assert.ok(
    around.some((why) => why.includes('has a network of its own, with')),
    around.join(),
  );
  assert.deepEqual(gaps.length, around.length);
  const at = (name: string) => network.find((n) => n.name === name);
  assert.deepEqual(at('va')?.uppers, ['br0']);
  assert.equal(at('va')?.master, 'br0');
  const session = [{ kind: 'ssh', peer: '10.9.0.2', what: 'your own SSH session' }];
  assert.deepEqual(at('va')?.loads, session, 'the server is found by its socket, and is our parent');
  assert.deepEqual(at('br0')?.loads, session);
  assert.deepEqual(at('lo')?.loads, []);
  assert.deepEqual([at('va')?.defaultRoute, at('br0')?.defaultRoute], [true, true], 'of IPv6');

  const table = routesRead(...tables);
  for (const [to, name] of routes) assert.deepEqual(routeInterfaces(table, addressRead(to)!), [name], to);
  assert.deepEqual(routeInterfaces(table, addressRead('198.51.100.1')!), [], 'a black hole');
});
