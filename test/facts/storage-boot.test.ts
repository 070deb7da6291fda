import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';
import { block, mounted, NVME, QUIET, SATA, udev } from './storage-hosts.ts';

/** What the machine boots from and where it writes when it dies; all constructed. */

type Files = Parameters<typeof constructedHost>[0];

async function holdsOf(files: Files): Promise<string[]> {
  const { storage = [], gaps } = await collect(constructedHost({ ...QUIET, ...files }), ['storage']);
  assert.deepEqual(gaps, []);
  return storage.flatMap(({ name, holds = [] }) => holds.map((h) => `${name}: ${h.kind} ${h.name}`));
}

const EFIVARS = '/sys/firmware/efi/efivars';
const GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
const STICK_UUID = 'aaaaaaaa-1111-4222-8333-0123456789ab';
const STICK = 'pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0/block/sdc';
const ESP = { ID_PART_ENTRY_TYPE: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b', ID_FS_TYPE: 'vfat' };
/** The host's own stick, and a disk with another system on it: each has an EFI system partition. */
const DISKS = {
  ...block('sdc', STICK, '8:32'),
  ...block('sdc1', `${STICK}/sdc1`, '8:33'),
  ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
  ...block('nvme0n1p1', `${NVME}/nvme0n1/nvme0n1p1`, '259:1'),
  ...udev('8:33', { ...ESP, ID_PART_ENTRY_UUID: STICK_UUID, ID_FS_UUID: '8D53-01A2' }),
  ...udev('259:1', {
    ...ESP,
    ID_PART_ENTRY_UUID: 'bbbbbbbb-1111-4222-8333-0123456789ab',
    ID_FS_UUID: 'C0DE-0001',
  }),
};

/** As efivarfs gives it: attributes, then the value. */
const variable = (value: Uint8Array) => Buffer.concat([Buffer.from([7, 0, 0, 0]), value]);

/** An EFI_LOAD_OPTION for a file on the GPT partition with this GUID, after an ACPI node as firmware writes it. */
function loadOption(guid: string): Buffer {
  const raw = Buffer.from(guid.replaceAll('-', ''), 'hex');
  for (const [from, to] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const)
    raw.subarray(from, to).reverse();
  const drive = Buffer.alloc(42);
  drive.set([4, 1, 42, 0, 1, 0, 0, 0]);
  drive.set(raw, 24);
  drive.set([2, 2], 40);
  const acpi = Buffer.from([2, 1, 12, 0, 0xd0, 0x41, 3, 0x0a, 0, 0, 0, 0]);
  const name = Buffer.from('Fedora\0', 'utf16le');
  return Buffer.concat([
    Buffer.from([1, 0, 0, 0, 54, 0]),
    name,
    acpi,
    drive,
    Buffer.from([0x7f, 0xff, 4, 0]),
  ]);
}

test('an EFI system partition that is not mounted, by the entry that the firmware started', async () => {
  const booted = {
    ...DISKS,
    [`${EFIVARS}/BootCurrent-${GLOBAL}`]: variable(Buffer.from([0x0a, 0])),
    [`${EFIVARS}/Boot000A-${GLOBAL}`]: variable(loadOption(STICK_UUID)),
  };
  assert.deepEqual(await holdsOf(booted), ['sdc: esp /dev/sdc1']);
});

test('by the boot loader’s word, which it writes in capitals', async () => {
  const loader = Buffer.from(`${STICK_UUID.toUpperCase()}\0`, 'utf16le');
  const name = `${EFIVARS}/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`;
  assert.deepEqual(await holdsOf({ ...DISKS, [name]: variable(loader) }), ['sdc: esp /dev/sdc1']);
});

test('where neither says it, each may be the one: on a network boot, a torn variable, none at all', async () => {
  const both = ['nvme0n1: esp /dev/nvme0n1p1', 'sdc: esp /dev/sdc1'];
  const current = { [`${EFIVARS}/BootCurrent-${GLOBAL}`]: variable(Buffer.from([1, 0])) };
  const entry = (value: Uint8Array) => ({ ...DISKS, ...current, [`${EFIVARS}/Boot0001-${GLOBAL}`]: value });
  assert.deepEqual(await holdsOf({ ...DISKS, [`${EFIVARS}/x`]: '' }), both);
  assert.deepEqual(await holdsOf({ ...DISKS, ...current }), both);
  const whole = variable(loadOption(STICK_UUID));
  for (const length of [0, 3, 4, 9, 24, 40, 60])
    assert.deepEqual(await holdsOf(entry(whole.subarray(0, length))), both);
  // A node without a length must not be walked for ever.
  assert.deepEqual(await holdsOf(entry(variable(Buffer.alloc(64)))), both);
});

test('without EFI only what Proxmox keeps in step counts', async () => {
  assert.deepEqual(await holdsOf(DISKS), []);
  assert.deepEqual(await holdsOf({ ...DISKS, '/etc/kernel/proxmox-boot-uuids': '8D53-01A2\n1111-2222\n' }), [
    'sdc: esp /dev/sdc1',
  ]);
});

test('EFI without udev: nobody knows which partition it is', async () => {
  const { gaps } = await collect(
    constructedHost({ ...QUIET, ...block('sdc', STICK, '8:32'), [`${EFIVARS}/x`]: '' }),
    ['storage'],
  );
  assert.deepEqual(
    gaps.map((g) => [g.fact, g.why]),
    [['storage.holds', 'no udev: the EFI system partition cannot be told']],
  );
});

const DUMP_DISKS = {
  ...block('sda', `${SATA}/sda`, '8:0'),
  ...block('sda1', `${SATA}/sda/sda1`, '8:1'),
  ...block('nvme0n1', `${NVME}/nvme0n1`, '259:0'),
  ...udev('259:0', {}, ['disk/by-uuid/d00d']),
  ...mounted('8:1 /var/crash xfs /dev/sda1'),
};
const RESERVED = { '/proc/cmdline': 'root=/dev/vda1 crashkernel=512M\n' };

test('where crash dumps go, as each distribution says it', async () => {
  const dump = async (files: Files) =>
    (await holdsOf({ ...DUMP_DISKS, ...RESERVED, ...files })).filter((hold) => hold.includes('crash-dump'));
  const own = ['sda: crash-dump /var/crash'];
  const raw = ['nvme0n1: crash-dump /dev/nvme0n1'];
  assert.deepEqual(await dump({}), []);
  assert.deepEqual(
    await dump({ '/etc/kdump.conf': '#raw /dev/sdz\npath /var/crash\ncore_collector makedumpfile -l\n' }),
    own,
  );
  assert.deepEqual(await dump({ '/etc/kdump.conf': 'auto_reset_crashkernel yes\n' }), own);
  assert.deepEqual(await dump({ '/etc/kdump.conf': 'ext4 UUID=d00d\npath /dumps\n' }), raw);
  assert.deepEqual(await dump({ '/etc/kdump.conf': 'raw /dev/nvme0n1\n' }), raw);
  assert.deepEqual(await dump({ '/etc/kdump.conf': 'nfs nas:/dumps\npath /var/crash\n' }), []);
  assert.deepEqual(
    await dump({ '/etc/default/kdump-tools': '# USE_KDUMP=0\nUSE_KDUMP=1\nKDUMP_COREDIR="/var/crash"\n' }),
    own,
  );
  assert.deepEqual(await dump({ '/etc/default/kdump-tools': 'USE_KDUMP=1\n' }), own);
  assert.deepEqual(await dump({ '/etc/default/kdump-tools': 'USE_KDUMP=0\n' }), []);
  assert.deepEqual(await dump({ '/etc/default/kdump-tools': 'USE_KDUMP=1\nSSH="root@nas"\n' }), []);
  assert.deepEqual(await dump({ '/etc/sysconfig/kdump': 'KDUMP_SAVEDIR="file:///var/crash"\n' }), own);
  assert.deepEqual(await dump({ '/etc/sysconfig/kdump': 'KDUMP_SAVEDIR="/var/crash"\n' }), own);
  assert.deepEqual(await dump({ '/etc/sysconfig/kdump': 'KDUMP_SAVEDIR="nfs://nas/dumps"\n' }), []);
});

test('a dump target counts while a second kernel is loaded or has its memory, and not otherwise', async () => {
  const conf = { ...DUMP_DISKS, '/etc/kdump.conf': 'raw /dev/nvme0n1\n' };
  const held = 'nvme0n1: crash-dump /dev/nvme0n1';
  assert.ok((await holdsOf({ ...conf, '/sys/kernel/kexec_crash_loaded': '1\n' })).includes(held));
  assert.ok(!(await holdsOf({ ...conf, '/sys/kernel/kexec_crash_loaded': '0\n' })).includes(held));
});
