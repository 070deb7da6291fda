import type { BlockDevices } from '../block.ts';
import { holdersOf } from '../holders.ts';
import type { Look } from '../look.ts';
import type { Hold } from './hold.ts';

/**
 * Devices that a process has open by itself, without a file system: a virtual machine outside of libvirt, a database,
 * a Ceph OSD. A link is followed when it is opened, so that each shows by its node.
 */
export function openHolds(look: Look, blocks: BlockDevices): Hold[] {
  let hidden: string | null = null;
  const holds = [...blocks.all.values()].flatMap((device): Hold[] => {
    const holders = holdersOf(look, device.paths.slice(0, 1));
    if (typeof holders === 'string') {
      hidden = holders;
      return [];
    }
    return holders.map(({ pid, command }) => {
      return { kind: 'open', name: `${command} (pid ${pid})`, on: [device.name], remark: null, now: true };
    });
  });
  if (hidden !== null) look.gap('storage.holds', '/proc/PID/fd', hidden);
  return holds;
}
