import type { BlockDevice, BlockDevices } from '../block.ts';
import type { Look } from '../look.ts';
import { dumpTargets } from './dump.ts';
import { espDevices } from './esp.ts';
import { fstabLines } from './fstab.ts';
import type { Hold } from './hold.ts';
import type { MountDevices } from './mount-devices.ts';
import { deviceNode, resumeDevice } from './swap.ts';
import { devicePaths } from './udev.ts';

const CRYPTTAB = '/etc/crypttab';

/** What the host will want of a disk though it does not use it now: at its next boot, at hibernation, at a crash. */
export function configuredHolds(
  look: Look,
  blocks: BlockDevices,
  devices: MountDevices,
  busy: readonly Hold[],
): Hold[] {
  const named = (spec: string, source: string) => deviceNamed(look, blocks, spec, source);
  const inUse = (device: BlockDevice) => busy.some((hold) => hold.on.includes(device.name));
  const holds: Hold[] = [];
  const add = (kind: Hold['kind'], name: string, on: readonly string[], remark: string | null) =>
    holds.push({ kind, name, on, remark, now: false });

  for (const { spec, point, type } of fstabLines(look)) {
    if (type !== 'swap' && busy.some((hold) => hold.kind === 'mount' && hold.name === point)) continue;
    const device = named(spec, '/etc/fstab');
    if (!device) continue;
    if (type !== 'swap') add('mount', point, [device.name], 'not mounted now (/etc/fstab)');
    else if (!inUse(device)) add('swap', deviceNode(device), [device.name], 'not in use now (/etc/fstab)');
  }
  for (const { name, spec } of crypttabLines(look)) {
    const device = named(spec, CRYPTTAB);
    const open = [...blocks.all.values()].some(({ title }) => title === name);
    if (device && !open) add('volume', name, [device.name], `not open now (${CRYPTTAB})`);
  }
  const resume = resumeDevice(look, blocks, named);
  if (resume && !inUse(resume)) add('swap', deviceNode(resume), [resume.name], 'for hibernation');
  for (const { spec, directory, source } of dumpTargets(look)) {
    const device = spec === null ? undefined : named(spec, source);
    if (device) add('crash-dump', deviceNode(device), [device.name], source);
    else if (spec === null) add('crash-dump', directory, devices.ofFile(directory), source);
  }
  for (const esp of espDevices(look, blocks)) add('esp', deviceNode(esp), [esp.name], null);
  return holds;
}

/** crypttab(5): `name device key options`, what the host unlocks at boot. */
function crypttabLines(look: Look): { readonly name: string; readonly spec: string }[] {
  const text = look.text('storage.holds', CRYPTTAB) ?? '';
  return text.split('\n').flatMap((line) => {
    const [name = '', spec = ''] = line.trim().split(/\s+/);
    return name === '' || name.startsWith('#') || spec === '' ? [] : [{ name, spec }];
  });
}

/** The device that a configuration names; a gap where nobody keeps account of such names. */
function deviceNamed(
  look: Look,
  blocks: BlockDevices,
  spec: string,
  source: string,
): BlockDevice | undefined {
  const number = /^\d+:\d+$/.test(spec) ? blocks.byNumber.get(spec) : undefined;
  const paths = devicePaths(spec);
  const device = number ?? paths.map((path) => blocks.byPath.get(path)).find((d) => d !== undefined);
  if (!device && paths.some((path) => path.startsWith('/dev/disk/')) && !blocks.udev)
    look.gap('storage.holds', source, `no udev: which disk is ${spec} cannot be told`);
  return device;
}
