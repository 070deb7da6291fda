import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, type FailureCode } from '../../../src/failure.ts';
import type { Host, RunOptions, RunResult } from '../../../src/host/host.ts';
import { agentExec, agentPing } from '../../../src/host/libvirt/agent.ts';
import { connectionFacts } from '../../../src/host/libvirt/connection.ts';
import {
  domainAttachDevice,
  domainDefine,
  domainDetails,
  domainList,
  domainMetadataSet,
  domainShutdown,
  domainStart,
  domainXml,
} from '../../../src/host/libvirt/domain.ts';
import { nodeDeviceDetach, nodeDeviceReattach } from '../../../src/host/libvirt/node-device.ts';
import { recordedHost } from '../../facts/hosts.ts';

/** Answers as libvirt 9.0 gave them to virsh (LC_ALL=C) on a Debian 12 host; one answer for each call, in order. */
const URI = 'qemu:///system';
const UUID = 'f983e1d8-2f9d-4d32-a946-16b60e34e4cd';

interface Call {
  readonly argv: readonly string[];
  readonly options: RunOptions;
}

function fakeHost(...answers: (Partial<RunResult> | string)[]): { host: Host; calls: Call[] } {
  const calls: Call[] = [];
  let time = 0;
  const host: Host = {
    ...recordedHost('rig-intel'),
    now: () => new Date(time),
    sleep: async (ms) => {
      time += ms;
    },
    run: async (argv, options = {}) => {
      calls.push({ argv: argv.slice(4), options });
      assert.deepEqual(argv.slice(0, 4), ['virsh', '-q', '--connect', URI]);
      options.started?.({ pid: 77, startTicks: 99 });
      const answer = answers.shift() ?? '';
      const result = typeof answer === 'string' ? { stdout: answer } : answer;
      return { argv, code: 0, stdout: '', stderr: '', ms: 1, timedOut: false, ...result };
    },
  };
  return { host, calls };
}

const failed = (stderr: string): Partial<RunResult> => ({ code: 1, stderr });
const failure = (code: FailureCode, message: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure);
  assert.equal(error.code, code);
  if (typeof message === 'string') assert.equal(error.message, message);
  else assert.match(error.message, message);
  return true;
};

test('guests are listed by UUID, with one process for all of them', async () => {
  const info = (name: string, state: string) =>
    `Id:             -\nName:           ${name}\nUUID:           ${UUID}\nOS Type:        hvm\nState:          ${state}\nCPU(s):         1\nMax memory:     65536 KiB\nUsed memory:    65536 KiB\nPersistent:     yes\nAutostart:      enable\nManaged save:   yes\nSecurity model: none\nSecurity DOI:   0\n`;
  const { host, calls } = fakeHost(`${UUID}\n11111111-2222-4333-8444-555555555555\n`, {
    code: 1,
    stdout: `${info('5', 'shut off')}&&vfioctl&&&&vfioctl&&`,
    stderr: "error: failed to get domain '1111'\n",
  });
  assert.deepEqual(await domainList(host, URI), [
    { uuid: UUID, name: '5', state: 'shut off', persistent: true, autostart: true, managedSave: true },
  ]);
  assert.equal(calls.length, 2);
  assert.deepEqual(calls[0]?.argv, ['list', '--all', '--uuid']);
  assert.match(calls[1]?.argv[0] ?? '', new RegExp(`^dominfo ${UUID}; echo &&vfioctl&&; dominfo 1111`));
});

test('details are attributed by order, and of a guest that is off there is no live definition', async () => {
  const domain = {
    uuid: UUID,
    name: 'own',
    state: 'shut off',
    persistent: true,
    autostart: false,
    managedSave: false,
  };
  const { host } = fakeHost('<domain/>\n\n&&vfioctl&&<domain/>\n\n&&vfioctl&&one\ntwo\n&&vfioctl&&');
  const details = await domainDetails(host, URI, [domain]);
  assert.deepEqual(details.get(UUID), { inactiveXml: '<domain/>\n', liveXml: null, snapshots: 2 });
  assert.equal((await domainDetails(fakeHost().host, URI, [])).size, 0);
});

test('secrets are only asked for when the definition shall be defined again', async () => {
  const { host, calls } = fakeHost('<domain/>\n\n', '<domain/>\n\n');
  assert.equal(await domainXml(host, URI, UUID, { inactive: true, secrets: true }), '<domain/>\n');
  await domainXml(host, URI, UUID, { inactive: false, secrets: false });
  assert.deepEqual(
    calls.map((c) => c.argv),
    [
      ['dumpxml', UUID, '--inactive', '--security-info'],
      ['dumpxml', UUID],
    ],
  );
});

test('changes are one process each, XML goes by standard input, and the child is announced', async () => {
  const { host, calls } = fakeHost();
  const started: unknown[] = [];
  await domainDefine(host, URI, '<domain/>');
  await domainAttachDevice(host, URI, UUID, '<hostdev/>', 'config', (argv, child) =>
    started.push(argv.at(-1), child),
  );
  await domainMetadataSet(host, URI, UUID, 'vfioctl', 'urn:x', '<lends/>');
  await domainMetadataSet(host, URI, UUID, 'vfioctl', 'urn:x', null);
  await domainShutdown(host, URI, UUID, undefined, 'agent');
  await nodeDeviceDetach(host, URI, '0000:00:1b.0');
  await nodeDeviceReattach(host, URI, '10000:e1:00.0');
  assert.deepEqual(
    calls.map((c) => c.argv.join(' ')),
    [
      'define /dev/stdin',
      `attach-device ${UUID} /dev/stdin --config`,
      `metadata ${UUID} --config --uri urn:x --key vfioctl --set <lends/>`,
      `metadata ${UUID} --config --uri urn:x --remove`,
      `shutdown ${UUID} --mode agent`,
      'nodedev-detach pci_0000_00_1b_0',
      'nodedev-reattach pci_10000_e1_00_0',
    ],
  );
  assert.deepEqual(
    calls.map((c) => c.options.input),
    ['<domain/>', '<hostdev/>', ...Array(5).fill(undefined)],
  );
  assert.deepEqual(started, ['--config', { pid: 77, startTicks: 99 }]);
});

test('libvirt’s own words, in one line: what failed, then why, with QEMU’s lines', async () => {
  const viable =
    "error: Failed to start domain 'shared'\nerror: internal error: process exited while connecting to monitor: 2026-11-24T23:11:02.123Z qemu-system-x86_64: -device {}: vfio 0000:00:1b.0: group 4 is not viable\nPlease ensure all devices within the iommu_group are bound to their vfio bus driver.\n\n";
  await assert.rejects(
    domainStart(fakeHost(failed(viable)).host, URI, UUID),
    failure(
      'step-failed',
      /^Failed to start domain 'shared': internal error: .* group 4 is not viable: Please ensure all devices .* driver\.$/,
    ),
  );
  const missing =
    "error: Could not find matching device 'pci_0000_09_00_0'\nerror: Node device not found: no node device with matching name 'pci_0000_09_00_0'\n";
  await assert.rejects(
    nodeDeviceDetach(fakeHost(failed(missing)).host, URI, '0000:09:00.0'),
    failure('step-failed', /^Could not find matching device/),
  );
});

test('no virsh, no daemon, no right, no guest, no answer: each is told apart', async () => {
  const read = (answer: Partial<RunResult>) =>
    domainXml(fakeHost(answer).host, URI, UUID, { inactive: true, secrets: false });
  await assert.rejects(
    read({ code: 127, stderr: 'virsh: command not found\n' }),
    failure('no-libvirt', 'virsh is not installed'),
  );
  const socket =
    "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory\n";
  await assert.rejects(read(failed(socket)), (error: Failure) => {
    assert.match(error.hint, /systemctl start libvirtd/);
    return failure('no-libvirt', /^libvirt does not answer: Failed to connect socket/)(error);
  });
  const polkit =
    'error: failed to connect to the hypervisor\nerror: authentication unavailable: no polkit agent available to authenticate action\n';
  await assert.rejects(read(failed(polkit)), (error: Failure) => /run as root/.test(error.hint));
  await assert.rejects(
    read(failed(`error: failed to get domain '${UUID}'\n`)),
    failure('not-found', `failed to get domain '${UUID}'`),
  );
  await assert.rejects(
    read({ code: null, timedOut: true }),
    failure('no-libvirt', /did not answer virsh dumpxml within/),
  );
});

test('a change that does not end in time has an unknown outcome, not a failed one', async () => {
  const { host, calls } = fakeHost({ code: null, timedOut: true });
  await assert.rejects(
    domainStart(host, URI, UUID),
    failure('outcome-unknown', /virsh start .* may still be at it/),
  );
  assert.ok((calls[0]?.options.deadlineMs ?? 0) >= 120_000, 'pinning memory takes its time');
});

test('version and IOMMU support', async () => {
  const version =
    'Compiled against library: libvirt 9.0.0\nUsing library: libvirt 9.0.0\nUsing API: QEMU 9.0.0\n';
  const answer = (support: string) =>
    `${version}&&vfioctl&&<capabilities><host>${support}</host></capabilities>\n&&vfioctl&&`;
  const facts = (support: string) => connectionFacts(fakeHost(answer(support)).host, URI);
  assert.deepEqual(await facts("<iommu support='yes'/>"), { version: '9.0.0', iommuSupport: true });
  assert.deepEqual(await facts("<iommu support='no'/>"), { version: '9.0.0', iommuSupport: false });
  assert.deepEqual(await facts(''), { version: '9.0.0', iommuSupport: null });
});

test('the agent’s program is waited for, and its output decoded', async () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const { host, calls } = fakeHost(
    '{"return":{"pid":812}}\n',
    '{"return":{"exited":false}}\n',
    `{"return":{"exited":true,"exitcode":3,"out-data":"${base64('00:05.0 Audio\n')}","err-data":"${base64('ä')}"}}\n`,
  );
  assert.deepEqual(await agentExec(host, URI, UUID, ['lspci', '-n']), {
    state: 'answered',
    value: { code: 3, stdout: '00:05.0 Audio\n', stderr: 'ä' },
  });
  assert.deepEqual(JSON.parse(calls[0]?.argv.at(-1) ?? ''), {
    execute: 'guest-exec',
    arguments: { path: 'lspci', arg: ['-n'], 'capture-output': true },
  });
  assert.deepEqual(JSON.parse(calls[2]?.argv.at(-1) ?? ''), {
    execute: 'guest-exec-status',
    arguments: { pid: 812 },
  });
});

test('an agent that is not there, may not, or did not: three answers', async () => {
  const reply = async (stderr: string) => (await agentPing(fakeHost(failed(stderr)).host, URI, UUID)).state;
  assert.equal(
    await reply('error: Guest agent is not responding: QEMU guest agent is not connected\n'),
    'absent',
  );
  assert.equal(await reply('error: argument unsupported: QEMU guest agent is not configured\n'), 'absent');
  assert.equal(await reply('error: Requested operation is not valid: domain is not running\n'), 'absent');
  assert.equal(
    await reply(
      "error: internal error: unable to execute QEMU agent command 'guest-exec': Command guest-exec has been disabled for this instance\n",
    ),
    'blocked',
  );
  assert.equal(
    await reply(
      "error: internal error: unable to execute QEMU agent command 'guest-exec': Guest agent command failed, error was 'Failed to execute child process “/usr/bin/aplay” (No such file or directory)'\n",
    ),
    'failed',
  );
  const running = fakeHost('{"return":{"pid":1}}', ...Array(20).fill('{"return":{"exited":false}}'));
  const late = await agentExec(running.host, URI, UUID, ['sleep', '9'], { deadlineMs: 1000 });
  assert.deepEqual(late, { state: 'failed', why: 'sleep did not end within 1 s in the guest' });
});
