import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { networkList } from '../../../src/host/libvirt/network.ts';
import { DEFAULT_URI } from '../../../src/host/libvirt/virsh.ts';
import { liveHost } from '../../../src/host/live.ts';
import { libvirtdReady, virsh, virshOk } from '../../libvirtd.ts';

/** Networks as the real libvirtd describes them; they are defined and never started. */
test('every kind of network, also with a name that virsh would take for a command', async (t) => {
  await libvirtdReady();
  const mark = `vfioctl-${randomUUID().slice(0, 8)}`;
  const define = (name: string, inside: string) => {
    const uuid = randomUUID();
    const xml = `<network><name>${mark} ${name}</name><uuid>${uuid}</uuid>${inside}</network>`;
    virshOk(['net-define', '/dev/stdin'], xml);
    t.after(() => virsh(['net-undefine', uuid]));
  };
  define('lan', "<forward mode='bridge'/><bridge name='br77'/>");
  define('pool', "<forward mode='passthrough'><interface dev='eth77'/><interface dev='eth78'/></forward>");
  define('routed; net-list', "<forward mode='route' dev='eth77'/><ip address='192.0.2.1' prefix='24'/>");
  define('vf', "<forward mode='hostdev' managed='yes'><pf dev='eth79'/></forward>");
  const ours = (await networkList(liveHost(), DEFAULT_URI)).filter(({ name }) => name.startsWith(mark));
  const told = ours.map(({ name, active, bridge, uplinks }) => [
    name.slice(mark.length + 1),
    active,
    bridge?.replace(/\d+$/, '') ?? null,
    uplinks,
  ]);
  assert.deepEqual(told.sort(), [
    ['lan', false, 'br', ['br77']],
    ['pool', false, null, ['eth77', 'eth78']],
    ['routed; net-list', false, 'virbr', ['eth77']],
    ['vf', false, null, ['eth79']],
  ]);
});
