import { addressCompare, addressParse } from '../model/address.ts';
import type { Look } from './look.ts';
import type { Group } from './snapshot.ts';

const GROUPS = '/sys/kernel/iommu_groups';

/** Every IOMMU group, with what is in it. `fact` is the section that asks. */
export function iommuGroups(look: Look, fact: string): Group[] | undefined {
  const names = look.list(fact, GROUPS);
  if (names === undefined) return undefined;
  return (names ?? [])
    .filter((name) => /^\d+$/.test(name) && !isMadeUp(look, name))
    .map((name) => groupOf(look, fact, name))
    .sort((a, b) => a.number - b.number);
}

/** vfio's unsafe no-IOMMU mode makes groups of its own, without an IOMMU behind them. */
function isMadeUp(look: Look, name: string): boolean {
  const path = `${GROUPS}/${name}/name`;
  if (!look.host.exists(path)) return false;
  const label = look.host.read(path);
  return label.state === 'read' && label.value.trim() === 'vfio-noiommu';
}

function groupOf(look: Look, fact: string, name: string): Group {
  const path = `${GROUPS}/${name}`;
  const devices = look.list(fact, `${path}/devices`, name) ?? [];
  const regions = look.text(`${fact}.reservedRegions`, `${path}/reserved_regions`, name) ?? '';
  return {
    number: Number(name),
    type: look.text(`${fact}.type`, `${path}/type`, name) ?? null,
    functions: devices.filter((device) => addressParse(device) !== null).sort(addressCompare),
    others: devices.filter((device) => addressParse(device) === null),
    reservedRegions: regions.split('\n').flatMap((line) => {
      const [, start, end, type] = /^(0x[0-9a-f]{1,16}) (0x[0-9a-f]{1,16}) (\S+)$/.exec(line) ?? [];
      return start && end && type ? [{ start: shortHex(start), end: shortHex(end), type }] : [];
    }),
  };
}

function shortHex(text: string): string {
  return `0x${BigInt(text).toString(16)}`;
}
