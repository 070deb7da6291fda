import { lendsParse } from '../edit/xml/metadata.ts';
import { addressShort } from './address.ts';
import type { HostModel } from './model.ts';

/**
 * Lends of ours whose function is no longer the one that was lent: adding a card renumbers buses, and the address in
 * the definition then names a stranger. One sentence each, with where the function went if it can be told.
 */
export function lendsMoved(model: HostModel): string[] {
  const moved: string[] = [];
  for (const guest of model.guests) {
    for (const lend of lendsParse(guest.fact.inactiveXml)) {
      const there = model.functions.get(lend.address);
      if (!there || `${there.vendor}:${there.device}` === lend.id) continue;
      const same = [...model.functions.values()].filter((f) => `${f.vendor}:${f.device}` === lend.id);
      const now = same.length === 1 ? `; ${lend.id} is at ${addressShort(same[0]!.address)} now` : '';
      moved.push(
        `${guest.name} was lent ${lend.id} at ${addressShort(lend.address)}, and ${there.vendor}:${there.device} is there${now}`,
      );
    }
  }
  return moved;
}
