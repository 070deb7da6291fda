import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

export function vfioFacts(look: Look): Snapshot['vfio'] {
  const nodes = look.list('vfio', '/dev/vfio');
  if (nodes === undefined) return undefined;
  const groups = (nodes ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  return { control: nodes?.includes('vfio') ?? false, groups: groups.sort((a, b) => a - b) };
}
