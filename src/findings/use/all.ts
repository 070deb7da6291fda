import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import { displayUses } from './display.ts';
import { networkUses } from './network.ts';
import { soundUses } from './sound.ts';
import { storageUses } from './storage.ts';
import type { Use, Uses } from './use.ts';

export function allUses(model: HostModel, fn: PciFunction): Uses {
  const uses: Use[] = [];
  for (const kind of [networkUses, storageUses, displayUses, soundUses]) {
    const answer = kind(model, fn);
    if (answer.state === 'unread') return answer;
    uses.push(...answer.uses);
  }
  return { state: 'read', uses };
}
