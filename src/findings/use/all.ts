import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import { displayUses } from './display.ts';
import { inputUses } from './input.ts';
import { networkUses } from './network.ts';
import { nodeUses } from './nodes.ts';
import { soundUses } from './sound.ts';
import { storageUses } from './storage.ts';
import type { Use, Uses } from './use.ts';

const KINDS: readonly ((model: HostModel, fn: PciFunction) => Uses)[] = [
  networkUses,
  storageUses,
  displayUses,
  soundUses,
  inputUses,
  nodeUses,
];

/** Every use of every kind. One fact that is missing leaves it unread: what would be lost is said whole, or not at all. */
export function allUses(model: HostModel, fn: PciFunction): Uses {
  const uses: Use[] = [];
  for (const usesOf of KINDS) {
    const answer = usesOf(model, fn);
    if (answer.state === 'unread') return answer;
    uses.push(...answer.uses);
  }
  return { state: 'read', uses };
}
