import type { BlockDevice, BlockDevices } from '../block.ts';
import type { Look } from '../look.ts';

/** The type of an EFI system partition, in a GPT and in an MBR. */
const ESP_TYPES = ['c12a7328-f81f-11d2-ba4b-00a0c93ec93b', '0xef'];
const EFI = '/sys/firmware/efi';
const GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
/** Vendor id of the Boot Loader Interface (systemd-boot, GRUB's bli module). */
const LOADER = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
/** An efivarfs file begins with the variable's attributes. */
const ATTRIBUTES = 4;

/**
 * EFI system partitions that this host boots from, mounted or not. A disk with another system on it has one too, and
 * is often the very disk that a guest shall have: so the firmware's own word counts where it has one (which partition
 * the running system came from). Without it every such partition may be the one. Proxmox keeps several in step.
 */
export function espDevices(look: Look, blocks: BlockDevices): BlockDevice[] {
  const kept = keptInStep(look);
  const efi = look.host.exists(EFI);
  if (efi && !blocks.udev)
    look.gap('storage.holds', '/run/udev/data', 'no udev: the EFI system partition cannot be told');
  const all = [...blocks.all.values()].filter((d) =>
    ESP_TYPES.includes(d.udev?.properties.get('ID_PART_ENTRY_TYPE') ?? ''),
  );
  if (all.length === 0) return [];
  const booted = efi ? bootPartitions(look) : [];
  const told = all.filter((d) => booted.includes(d.udev?.properties.get('ID_PART_ENTRY_UUID') ?? '?'));
  const twins = all.filter((d) => kept.has((d.udev?.properties.get('ID_FS_UUID') ?? '?').toLowerCase()));
  return efi && told.length === 0 ? all : [...new Set([...told, ...twins])];
}

/** File system UUIDs of the partitions onto which proxmox-boot-tool copies every kernel, also to boot without EFI. */
function keptInStep(look: Look): Set<string> {
  const text = look.text('storage.holds', '/etc/kernel/proxmox-boot-uuids') ?? '';
  return new Set(
    text
      .toLowerCase()
      .split(/\s+/)
      .filter((uuid) => uuid !== ''),
  );
}

/** Partition UUIDs: what the boot loader says that it came from, and the entry by which the firmware started it. */
function bootPartitions(look: Look): string[] {
  const loader = variable(look, 'LoaderDevicePartUUID', LOADER);
  const current = variable(look, 'BootCurrent', GLOBAL);
  const named = loader ? [loader.toString('utf16le').replace(/\0.*$/s, '').toLowerCase()] : [];
  if (!current || current.length < 2) return named;
  const number = current.readUInt16LE(0).toString(16).toUpperCase().padStart(4, '0');
  const partition = entryPartition(variable(look, `Boot${number}`, GLOBAL));
  return partition === null ? named : [...named, partition];
}

/** Null when it is absent or the firmware does not give it out: then nothing is known, and that is on the safe side. */
function variable(look: Look, name: string, vendor: string): Buffer | null {
  const bytes = look.host.readBytes(`${EFI}/efivars/${name}-${vendor}`);
  return bytes.state === 'read' ? Buffer.from(bytes.value).subarray(ATTRIBUTES) : null;
}

/**
 * The partition in an EFI_LOAD_OPTION: attributes (4 bytes), length of the path (2), description in UTF-16 up to a
 * zero, then the path's nodes: type, subtype, length (2). Hard Drive is type 4, subtype 1: its signature stands at
 * byte 24, and byte 41 says whether that is a GUID (UEFI specification, 3.1.3 and 10.3.5.1).
 */
function entryPartition(entry: Buffer | null): string | null {
  if (!entry) return null;
  let at = 6;
  while (at + 1 < entry.length && entry.readUInt16LE(at) !== 0) at += 2;
  for (at += 2; at + 4 <= entry.length; ) {
    const length = entry.readUInt16LE(at + 2);
    if (length < 4) return null;
    const node = entry.subarray(at, at + length);
    if (node[0] === 4 && node[1] === 1 && node.length >= 42)
      return node[41] === 2 ? guidText(node.subarray(24, 40)) : null;
    at += length;
  }
  return null;
}

/** The first three parts of a GUID are little-endian. */
function guidText(bytes: Buffer): string {
  const hex = (from: number, to: number) => bytes.subarray(from, to).toString('hex');
  const turned = (from: number, to: number) =>
    Buffer.from(bytes.subarray(from, to)).reverse().toString('hex');
  return [turned(0, 4), turned(4, 6), turned(6, 8), hex(8, 10), hex(10, 16)].join('-');
}
