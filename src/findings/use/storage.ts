import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import { evidence } from '../rule.ts';
import { type Uses, usesRead, usesUnread } from './use.ts';

/** Facts that decide whether a disk is busy; whose it is matters to every function. */
const DECIDING = ['storage.mounts'];

export function storageUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.storage) return usesUnread('storage');
  const uses = model.snapshot.storage
    .filter((s) => s.function === fn.address)
    .map((s) => {
      const holds = [...s.mounts, ...(s.swap ? ['swap'] : [])];
      const text =
        holds.length > 0 ? `${s.name} holds ${holds.join(', ')}` : `${s.name} holds no mount and no swap`;
      return { name: s.name, busy: holds.length > 0, evidence: evidence(`/sys/block/${s.name}`, text) };
    });
  return usesRead(model, uses, ['storage.function', ...(uses.length > 0 ? DECIDING : [])]);
}
