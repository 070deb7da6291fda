import { test } from 'node:test';
import { commandRun } from '../../src/cli/command-run.ts';
import { hostOpen } from '../../src/host/open.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { type SimulatedHost, simulatedHost } from '../../src/host/simulated/index.ts';

/** What a person sees, kept as it is: `node --test --test-update-snapshots` shows what a change does to it. */
const LOOKS: readonly (readonly string[])[] = [
  ['status', '--host', 'sim:i7-2620m'],
  ['list', '--host', 'sim:i7-2620m'],
  ['list', '--host', 'sim:rig-intel', '--by', 'group'],
  ['list', 'audio', '--host', 'sim:rig-intel'],
  ['show', '00:1b', '--host', 'sim:rig-intel'],
  ['show', '00:1f.4', '--host', 'sim:rig-intel'],
  ['doctor', '--host', 'sim:i7-2620m'],
  ['doctor', '--host', 'sim:rig-no-iommu'],
  ['doctor', '00:1f.4', '--guest', 'plain', '--host', 'sim:rig-intel', '--verbose'],
  ['assign', '00:1b', 'tone', '--start', '--dry-run', '--host', 'sim:rig-intel'],
  ['assign', '01:00.0', 'plain', '--dry-run', '--format', 'sh', '--host', 'sim:rig-intel'],
  ['assign', '00:1f.4', 'tone', '--dry-run', '--host', 'sim:rig-intel'],
  ['assign', '00:05.0', 'tone', '--dry-run', '--host', 'sim:rig-intel'],
  ['assign', '01:00.0', 'tone', '--dry-run', '--host', 'sim:rig-intel-no-remapping'],
  ['verify', 'tone', '--host', 'sim:rig-intel'],
  ['history', '--host', 'sim:rig-intel'],
  ['keep', '--host', 'sim:rig-intel'],
  ['prepare', '--host', 'sim:rig-amd'],
];

for (const argv of LOOKS) {
  test(argv.join(' '), async (t) => {
    const { exit, stdout, stderr } = await commandRun(hostOpen, argv);
    t.assert.snapshot(`${stdout}--- stderr\n${stderr}--- exit ${exit}\n`, { serializers: [String] });
  });
}

test('a lend by hand, seen, verified, taken back', async (t) => {
  const host: SimulatedHost = simulatedHost(boardByName('rig-intel')!);
  const hand = `<hostdev mode='subsystem' type='pci' managed='no'><source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></hostdev>`;
  const said: string[] = [];
  const virsh = async (args: string[], input?: string) => {
    const result = await host.run(
      ['virsh', '-q', '--connect', 'qemu:///system', ...args],
      input === undefined ? {} : { input },
    );
    said.push(`# virsh ${args.join(' ')}\n${result.stdout}${result.stderr}`.trimEnd());
  };
  const vfioctl = async (...argv: string[]) => {
    const { stdout, stderr, exit } = await commandRun(host, argv);
    said.push(`# vfioctl ${argv.join(' ')}\n${stderr}${stdout}(exit ${exit})`);
  };
  await virsh(['nodedev-detach', 'pci_0000_01_00_0']);
  await vfioctl('status');
  await virsh(['attach-device', 'tone', '/dev/stdin', '--config'], hand);
  await virsh(['start', 'tone']);
  await vfioctl('status');
  await vfioctl('verify', 'tone', '--exercise');
  await vfioctl('release', '01:00.0', '--yes');
  await vfioctl('release', '01:00.0', '--stop', '--yes');
  await vfioctl('status');
  t.assert.snapshot(`${said.join('\n')}\n`, { serializers: [String] });
});

test('a guest that starts with the host, insisted on, with a dead-man switch', async (t) => {
  const host: SimulatedHost = simulatedHost(boardByName('rig-intel')!);
  const said: string[] = [];
  const typed = async (argv: string[], lines?: readonly string[]) => {
    const run = await commandRun(host, argv, lines === undefined ? {} : { typed: lines });
    // The progress that a terminal writes over.
    const stderr = run.stderr.replace(/\r\x1b\[K(… [^\r]*)?/g, '');
    said.push(`# vfioctl ${argv.join(' ')}\n${stderr}${run.stdout}(exit ${run.exit})`);
  };
  await host.run(['virsh', '-q', '--connect', 'qemu:///system', 'autostart', 'tone']);
  await commandRun(host, ['assign', '01:00.0', 'plain', '--yes']);
  await typed(['assign', '01:00.0', 'tone', '--dead-man', '60s', '--yes']);
  await typed(['assign', '01:00.0', 'tone', '--dead-man', '60s'], ['share with plain', 'y', '', '']);
  await typed(['status']);
  await typed(['history']);
  await typed(['keep']);
  await typed([
    'assign',
    '01:00.0',
    'tone',
    '--start',
    '--yes',
    '--accept',
    'function-lent=share with plain',
  ]);
  await typed(['undo', '--yes']);
  await typed(['release', '01:00.0', '--from', 'tone', '--yes']);
  t.assert.snapshot(`${said.join('\n')}\n`, { serializers: [String] });
});
