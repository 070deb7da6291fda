import type { BlockDevice, BlockDevices } from '../block.ts';
import type { Look } from '../look.ts';
import type { Hold } from './hold.ts';
import type { MountDevices } from './mount-devices.ts';
import { octalDecode } from './mounts.ts';

const SWAPS = '/proc/swaps';

/** Swap in use, in partitions and in files; undefined when the kernel's list is unreadable. */
export function swapHolds(look: Look, blocks: BlockDevices, devices: MountDevices): Hold[] | undefined {
  const text = look.text('storage', SWAPS);
  if (text === undefined) return undefined;
  const lines = (text ?? '')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '');
  return lines.map((line) => {
    const [written = '', type] = line.split(/\s+/);
    const path = octalDecode(written);
    const device = blocks.byPath.get(path);
    const on = type === 'file' ? devices.ofFile(path) : device ? [device.name] : [];
    if (type !== 'file' && !device) look.gap('storage.holds', SWAPS, `which device is ${path} is not known`);
    return { kind: 'swap', name: device ? deviceNode(device) : path, on, remark: null, now: true };
  });
}

/** Where hibernation writes and looks at the next boot (`resume=`): the kernel's own word first. */
export function resumeDevice(
  look: Look,
  blocks: BlockDevices,
  deviceNamed: (spec: string, path: string) => BlockDevice | undefined,
): BlockDevice | undefined {
  const number = look.text('storage.holds', '/sys/power/resume');
  if (number && number !== '0:0') return blocks.byNumber.get(number);
  const words = (look.text('storage.holds', '/proc/cmdline') ?? '').split(/\s+/);
  const spec = words.findLast((word) => word.startsWith('resume='))?.slice('resume='.length);
  return spec ? deviceNamed(spec, '/proc/cmdline') : undefined;
}

/** What a person would call a device: dm-3 by its name. */
export function deviceNode(device: BlockDevice): string {
  return device.paths.find((path) => path.startsWith('/dev/mapper/')) ?? device.paths[0]!;
}
