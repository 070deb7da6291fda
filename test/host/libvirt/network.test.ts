import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../../src/facts/collect.ts';
import { Failure } from '../../../src/failure.ts';
import type { Host, RunResult } from '../../../src/host/host.ts';
import { networkList } from '../../../src/host/libvirt/network.ts';
import { constructedHost } from '../../facts/hosts.ts';
import { machine } from '../simulated/machine.ts';

/** Answers in the form that libvirt 9.0 gave them to virsh on a Debian 12 host; the networks are constructed. */
const URI = 'qemu:///system';
const MARK = '&&vfioctl&&';

function fakeHost(...answers: Partial<RunResult>[]): { host: Host; asked: string[] } {
  const asked: string[] = [];
  const host: Host = {
    ...constructedHost({}),
    run: async (argv) => {
      asked.push(argv.slice(4).join(' '));
      return { argv, code: 0, stdout: '', stderr: '', ms: 1, timedOut: false, ...answers.shift() };
    },
  };
  return { host, asked };
}

const info = (active: boolean) =>
  `Name:           x\nUUID:           x\nActive:         ${active ? 'yes' : 'no'}\nPersistent:     yes\nAutostart:      no\nBridge:         virbr0\n`;
const network = (name: string, inside: string) =>
  `<network>\n  <name>${name}</name>\n  <uuid>x</uuid>\n  ${inside}\n</network>\n`;

test('networks by UUID, two processes for all of them, and what each leaves by', async () => {
  const given: readonly (readonly [boolean, string])[] = [
    [true, network('default', "<forward mode='nat'/><bridge name='virbr0' stp='on'/>")],
    [
      false,
      network(
        'a; destroy',
        "<forward dev='eth0' mode='route'><interface dev='eth0'/></forward><bridge name='virbr1'/>",
      ),
    ],
    [true, network('lan', "<forward mode='bridge'/><bridge name='br0'/>")],
    [
      true,
      network(
        'pool',
        "<forward mode='passthrough' dev='eth1'><interface dev='eth1'/><interface dev='eth2'/></forward>",
      ),
    ],
    [true, network('vf', "<forward mode='hostdev' managed='yes'><pf dev='eth3'/></forward>")],
    [true, network('alone', "<bridge name='virbr2'/>")],
  ];
  const uuids = given.map((_, i) => `00000000-0000-4000-8000-00000000000${i}`);
  const gone = `${uuids[0]}f`;
  const { host, asked } = fakeHost(
    { stdout: `${[...uuids, gone].join('\n')}\n` },
    {
      code: 1,
      stderr: 'error: Network not found\n',
      stdout: `${given.map(([active, xml]) => `${info(active)}${MARK}${xml}${MARK}`).join('')}${MARK}${MARK}`,
    },
  );
  assert.deepEqual(await networkList(host, URI), [
    { name: 'default', active: true, bridge: 'virbr0', uplinks: [] },
    { name: 'a; destroy', active: false, bridge: 'virbr1', uplinks: ['eth0'] },
    { name: 'lan', active: true, bridge: 'br0', uplinks: ['br0'] },
    { name: 'pool', active: true, bridge: null, uplinks: ['eth1', 'eth2'] },
    { name: 'vf', active: true, bridge: null, uplinks: ['eth3'] },
    { name: 'alone', active: true, bridge: 'virbr2', uplinks: [] },
  ]);
  assert.equal(asked.length, 2);
  assert.equal(asked[0], 'net-list --all --uuid');
  assert.doesNotMatch(asked[1] ?? '', /destroy/);
});

test('a libvirt without virtual networks has none; one that fails is no empty list', async () => {
  const none =
    'error: Failed to list networks\nerror: this function is not supported by the connection driver: virConnectListAllNetworks\n';
  assert.deepEqual(await networkList(fakeHost({ code: 1, stderr: none }).host, URI), []);
  const away =
    "error: Failed to list networks\nerror: Failed to connect socket to '/run/libvirt/virtnetworkd-sock': No such file or directory\n";
  await assert.rejects(networkList(fakeHost({ code: 1, stderr: away }).host, URI), Failure);
});

test('guests are known without the networks, and that is a gap', async () => {
  const host: Host = machine('i7-2620m');
  const run = host.run.bind(host);
  host.run = async (argv, options) =>
    argv.includes('net-list')
      ? { argv, code: 1, stdout: '', stderr: 'error: no daemon\n', ms: 1, timedOut: false }
      : run(argv, options);
  const { libvirt, gaps } = await collect(host, ['libvirt']);
  assert.ok((libvirt?.guests.length ?? 0) > 0);
  assert.equal(libvirt?.networks, undefined);
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.path, g.why]),
    [['libvirt.networks', URI, 'no daemon']],
  );
});

test('the simulated libvirt has the network that libvirt installs', async () => {
  const { libvirt } = await collect(machine('i7-2620m'), ['libvirt']);
  assert.deepEqual(libvirt?.networks, [{ name: 'default', active: true, bridge: 'virbr0', uplinks: [] }]);
});
