import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import { evidence } from '../rule.ts';
import { type Uses, usesRead, usesUnread } from './use.ts';

/** Facts that decide whether an interface is busy; whose it is matters to every function. */
const DECIDING = ['network.up', 'network.master', 'network.defaultRoute'];

export function networkUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.network) return usesUnread('network');
  const uses = model.snapshot.network
    .filter((n) => n.function === fn.address)
    .map((n) => {
      // Network managers set every interface up; one without a cable serves nobody.
      const link = n.up && n.carrier !== false;
      const parts = [
        link ? 'up' : n.up ? 'without a link' : 'down',
        ...(n.defaultRoute ? ['carries the default route'] : []),
        ...(n.master === null ? [] : [`belongs to ${n.master}`]),
      ];
      return {
        name: n.name,
        busy: link || n.defaultRoute || n.master !== null,
        evidence: evidence(`/sys/class/net/${n.name}`, `${n.name} is ${parts.join(', ')}`),
      };
    });
  return usesRead(model, uses, ['network.function', ...(uses.length > 0 ? DECIDING : [])]);
}
