import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { collect, collectAll } from '../../src/facts/collect.ts';
import { factOf } from '../../src/facts/gap.ts';
import { Snapshot } from '../../src/facts/snapshot.ts';
import type { Capture } from '../../src/host/capture.ts';
import { rootHost } from '../../src/host/root.ts';
import { fill, temporaryDirectory } from '../host/temporary.ts';
import { constructedHost } from './hosts.ts';

const CARD = 'sys/devices/pci0000:00/0000:00:1b.0';
const card = (config: Uint8Array) => ({
  'sys/bus/pci/devices/0000:00:1b.0': '->../../../devices/pci0000:00/0000:00:1b.0',
  [`${CARD}/modalias`]: 'pci:v00008086d00001C20sv000017AAsd000021D2bc04sc03i00\n',
  [`${CARD}/power/runtime_status`]: 'active\n',
  [`${CARD}/config`]: config,
  [`${CARD}/driver_override`]: '(null)\n',
});

test('without root the configuration space is 64 bytes: a gap, never a function that cannot do anything', async (t) => {
  const top = temporaryDirectory(t);
  fill(top, card(new Uint8Array(64).fill(1)));
  const snapshot = await collect(rootHost(top), ['config', 'override']);
  const fn = snapshot.functions?.[0];
  assert.deepEqual(
    [fn?.vendor, fn?.device, fn?.subsystemVendor, fn?.subsystemDevice, fn?.class, fn?.bridge],
    ['8086', '1c20', '17aa', '21d2', '040300', false],
  );
  assert.equal(fn?.driverOverride, null);
  assert.equal(fn?.capabilities, undefined);
  const fact = factOf(snapshot, 'functions.capabilities', '0000:00:1b.0', fn?.capabilities);
  assert.match(fact.state === 'unread' ? fact.gap.why : '', /64 bytes can be read without root/);
  assert.equal(fact.state === 'unread' && fact.gap.path, '/sys/bus/pci/devices/0000:00:1b.0/config');
});

test('a file that cannot be read is a gap with its path and why', async () => {
  const files = Object.fromEntries(
    Object.entries(card(new Uint8Array(256))).map(([path, text]) => [`/${path}`, text]),
  );
  const snapshot = await collect(
    constructedHost({ ...files, [`/${CARD}/driver_override`]: '!did not answer in time' }),
    ['override'],
  );
  assert.ok(snapshot.functions?.[0] && !('driverOverride' in snapshot.functions[0]));
  assert.deepEqual(snapshot.gaps, [
    {
      fact: 'functions.driverOverride',
      subject: '0000:00:1b.0',
      state: 'unreadable',
      path: '/sys/bus/pci/devices/0000:00:1b.0/driver_override',
      why: 'did not answer in time',
    },
  ]);
});

test('an empty directory is a host without anything, and still a valid snapshot', async (t) => {
  const snapshot = await collectAll(rootHost(temporaryDirectory(t)));
  assert.deepEqual(Snapshot.parse(snapshot), snapshot);
  assert.deepEqual(snapshot.functions, []);
  assert.equal(snapshot.iommu?.tables, null);
  assert.equal(snapshot.kernel, undefined);
  assert.match(snapshot.gaps.find((g) => g.fact === 'libvirt')?.why ?? '', /nothing can be run/);
  assert.ok(
    snapshot.gaps.some((g) => g.fact === 'kernel'),
    'a section that is missing has its gap',
  );
});

const run = (argv: readonly string[], stdout: string, code = 0, stderr = ''): Capture['runs'][number] => ({
  argv,
  code,
  stdout,
  stderr,
});
const JOURNAL = ['journalctl', '-k', '-b', '-o', 'short-monotonic', '--no-pager', '-q'];
const DENIED = run(['dmesg'], '', 1, 'dmesg: read kernel buffer failed: Operation not permitted\n');

test('the journal stands in for a kernel log that users may not read', async () => {
  const line = '[    0.5] host kernel: DMAR-IR: Enabled IRQ remapping in x2apic mode';
  const { log, iommu } = await collect(constructedHost({}, [DENIED, run(JOURNAL, `${line}\n`)], false), [
    'log',
    'iommu',
  ]);
  assert.deepEqual(log, { source: 'journalctl -k', lines: [line], cut: true });
  assert.equal(iommu?.interruptRemapping, true);
  const { gaps } = await collect(constructedHost({}, [DENIED, run(JOURNAL, '')], false), ['log']);
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.why]),
    [['log', 'dmesg: read kernel buffer failed: Operation not permitted']],
  );
});

test('interrupt remapping by the names of the chips, and unknown where they say nothing', async () => {
  const interrupts = (chip: string) =>
    `           CPU0       CPU1\n 16:   1   2   ${chip}  16-fasteoi   i801_smbus\n`;
  const remapping = async (files: Record<string, string>) =>
    (await collect(constructedHost(files, [DENIED]), ['iommu'])).iommu?.interruptRemapping;
  assert.equal(await remapping({ '/proc/interrupts': interrupts('IR-IO-APIC') }), true);
  assert.equal(await remapping({ '/proc/interrupts': interrupts('IO-APIC') }), false);
  assert.equal(await remapping({ '/proc/interrupts': interrupts('GICv3') }), null);
  assert.equal(await remapping({}), null);
});

test('groups that vfio made up without an IOMMU do not count', async () => {
  const { iommu, groups } = await collect(
    constructedHost({
      '/sys/kernel/iommu_groups/0/devices/0000:00:1b.0': '->x',
      '/sys/kernel/iommu_groups/0/name': 'vfio-noiommu\n',
      '/sys/kernel/iommu_groups/1/devices/fd880000.pcie': '->x',
      '/sys/class/iommu/smmu3.0x0': '->x',
    }),
    ['iommu', 'groups'],
  );
  assert.equal(iommu?.pciGroups, 0);
  assert.deepEqual(
    groups?.map((g) => [g.number, g.functions, g.others]),
    [[1, [], ['fd880000.pcie']]],
  );
});

test('the kernel may carry its configuration itself', async () => {
  const text =
    'CONFIG_INTEL_IOMMU=y\n# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\nCONFIG_EXT4_FS=y\nCONFIG_VFIO_PCI=m\n';
  const { kernel } = await collect(
    constructedHost({
      '/proc/sys/kernel/osrelease': '6.12.0\n',
      '/proc/cmdline': 'quiet\n',
      '/proc/config.gz': gzipSync(text),
      '/sys/kernel/security/lockdown': 'none [integrity] confidentiality\n',
      '/etc/os-release': 'NAME="Fedora Linux"\nVERSION="43"\nID=fedora\nVERSION_ID=43\n',
    }),
    ['kernel'],
  );
  assert.deepEqual(kernel, {
    release: '6.12.0',
    commandLine: 'quiet',
    lockdown: 'integrity',
    config: { CONFIG_INTEL_IOMMU: 'y', CONFIG_VFIO_PCI: 'm' },
    distribution: { id: 'fedora', name: 'Fedora Linux' },
  });
});

test('where vfio-pci comes from, and who forbids it', async () => {
  const base = {
    '/proc/sys/kernel/osrelease': '6.12.0\n',
    '/proc/modules': 'kvm_intel 380928 0 - Live 0x0\nkvm 1146880 1 kvm_intel, Live 0x0\n',
    '/proc/cmdline': 'quiet modprobe.blacklist=nouveau,vfio-pci\n',
  };
  const modules = async (files: Record<string, string>) =>
    (await collect(constructedHost({ ...base, ...files }), ['modules'])).modules;
  const at = '/lib/modules/6.12.0';
  assert.equal((await modules({}))?.vfioPci, 'missing');
  assert.equal(
    (await modules({ [`${at}/kernel/drivers/vfio/pci/vfio-pci.ko.zst`]: '' }))?.vfioPci,
    'available',
  );
  assert.equal(
    (await modules({ [`${at}/modules.dep`]: 'updates/dkms/vfio-pci.ko: a.ko\n' }))?.vfioPci,
    'available',
  );
  assert.equal((await modules({ [`${at}/modules.dep`]: 'a.ko: kernel/vfio-pci.ko\n' }))?.vfioPci, 'missing');
  assert.equal((await modules({ '/sys/module/vfio_pci/parameters/ids': '' }))?.vfioPci, 'built-in');
  assert.equal((await modules({ '/proc/modules': 'vfio_pci 16384 1 - Live 0x0\n' }))?.vfioPci, 'loaded');
  const told = await modules({
    '/etc/modprobe.d/gpu.conf': '# blacklist snd\nblacklist i915\n',
    '/etc/modprobe.d/x.bak': 'blacklist e1000e\n',
  });
  assert.deepEqual(told?.blacklisted, ['i915', 'nouveau', 'vfio_pci']);
  assert.deepEqual(told?.loaded.kvm, { references: 1, holders: ['kvm_intel'] });
});

test('denials from the kernel log and the audit log, of guests and libvirt only', async () => {
  const avc =
    'type=AVC msg=audit(1.2:3): avc:  denied  { read } for pid=9 comm="qemu-system-x86" name="config" scontext=system_u:system_r:svirt_t:s0:c1,c2 tcontext=system_u:object_r:sysfs_t:s0 tclass=file permissive=0';
  const other =
    'type=AVC msg=audit(1.2:4): avc:  denied  { read } for pid=9 comm="httpd" scontext=system_u:system_r:httpd_t:s0 tclass=file';
  const apparmor =
    '[   9.1] audit: type=1400 apparmor="DENIED" operation="open" profile="libvirt-f983e1d8-2f9d-4d32-a946-16b60e34e4cd" name="/x"';
  const audit = '/var/log/audit/audit.log';
  const { security, gaps } = await collect(
    constructedHost(
      {
        '/sys/fs/selinux/enforce': '1',
        [audit]: '!unasked',
        '/sys/module/apparmor/parameters/enabled': 'N\n',
      },
      [
        run(['dmesg'], `[    0.0] Linux version 6\n${apparmor}\n`),
        run(['grep', '--text', '-E', 'avc: +denied|apparmor="DENIED"', audit], `${other}\n${avc}\n`),
      ],
    ),
    ['security'],
  );
  assert.deepEqual(security, { selinux: 'enforcing', apparmor: false, denials: [apparmor, avc] });
  assert.deepEqual(gaps, []);
});

test('virtual functions and their physical one, and a domain of five digits', async (t) => {
  const top = temporaryDirectory(t);
  const fn = (address: string, path: string) => ({
    [join('sys/bus/pci/devices', address)]: `->../../../devices/${path}`,
    [`sys/devices/${path}/modalias`]: 'pci:v00008086d00001533sv00000000sd00000000bc02sc00i00\n',
  });
  fill(top, {
    ...fn('0000:02:00.0', 'pci0000:00/0000:00:1c.0/0000:02:00.0'),
    ...fn('0000:02:10.0', 'pci0000:00/0000:00:1c.0/0000:02:10.0'),
    ...fn('10000:e1:00.0', 'pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0'),
    'sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0/virtfn0': '->../0000:02:10.0',
    'sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0/sriov_totalvfs': '7\n',
    'sys/devices/pci0000:00/0000:00:1c.0/0000:02:10.0/physfn': '->../0000:02:00.0',
  });
  const { functions = [] } = await collect(rootHost(top), ['functions']);
  assert.deepEqual(
    functions.map((f) => [
      f.address,
      f.path,
      f.physicalFunction,
      f.virtualFunctions,
      f.virtualFunctionsPossible,
    ]),
    [
      ['0000:02:00.0', ['0000:00:1c.0'], null, ['0000:02:10.0'], 7],
      ['0000:02:10.0', ['0000:00:1c.0'], '0000:02:00.0', [], null],
      ['10000:e1:00.0', ['0000:00:0e.0', '10000:e0:06.0'], null, [], null],
    ],
  );
});
