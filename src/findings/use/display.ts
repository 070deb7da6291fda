import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import { evidence } from '../rule.ts';
import { sysfsOf } from '../subject.ts';
import { type Use, type Uses, useHeld, usesRead, usesUnread } from './use.ts';

const FACTS = ['display.function'];

export function displayUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.display) return usesUnread('display');
  const uses: Use[] = [];
  if (fn.bootVga === true) {
    const text = 'the firmware started its display on it';
    uses.push({
      name: 'the boot display',
      busy: true,
      evidence: evidence(sysfsOf(fn.address, 'boot_vga'), text),
    });
  }
  for (const node of model.snapshot.display.filter((d) => d.function === fn.address)) {
    if (!node.openBy)
      return uses.length > 0 ? usesRead(model, uses, FACTS) : usesUnread('display.openBy', node.name);
    uses.push(useHeld(node.name, `/dev/dri/${node.name}`, node.name, node.openBy));
  }
  return usesRead(model, uses, FACTS);
}
