import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import { type Use, type Uses, useHeld, usesRead, usesUnread } from './use.ts';

const FACTS = ['sound.function'];

export function soundUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.sound) return usesUnread('sound');
  const uses: Use[] = [];
  for (const card of model.snapshot.sound.filter((s) => s.function === fn.address)) {
    if (!card.openBy) return usesUnread('sound.openBy', `card${card.card}`);
    uses.push(
      useHeld(
        card.id,
        `/sys/class/sound/card${card.card}`,
        `sound card ${card.card} (${card.id})`,
        card.openBy,
      ),
    );
  }
  return usesRead(model, uses, FACTS);
}
