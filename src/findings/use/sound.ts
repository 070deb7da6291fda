import type { PciFunction } from '../../facts/snapshot.ts';
import { type HostModel, hangingOn } from '../../model/model.ts';
import { type Use, type Uses, useHeld, usesRead, usesUnread } from './use.ts';

const FACTS = ['sound.function'];

/** Cards on it, also those on USB below it: busy while somebody plays or records. */
export function soundUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.sound) return usesUnread('sound');
  const uses: Use[] = [];
  for (const card of hangingOn(model.snapshot.sound, fn.address)) {
    if (!card.openBy) return usesUnread('sound.openBy', `card${card.card}`);
    const node = `/sys/class/sound/card${card.card}`;
    const label = `sound card ${card.card} (${card.id})`;
    const use = useHeld(card.id, node, label, card.openBy);
    const mixer = useHeld(card.id, node, 'its mixer', card.alsoOpenBy ?? []);
    const text = mixer.busy ? `${use.evidence.text}; ${mixer.evidence.text}` : use.evidence.text;
    uses.push({ ...use, evidence: { ...use.evidence, text } });
  }
  return usesRead(model, uses, FACTS);
}
