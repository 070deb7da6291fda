import type { PciFunction } from '../../facts/snapshot.ts';
import { groupMates, type HostModel, hangingOn } from '../../model/model.ts';
import { gapBeside } from '../unread.ts';
import { type Use, type Uses, useHeld, usesRead, usesUnread } from './use.ts';

/** Device nodes that no other kind of use tells of, and who has them open. */
export function nodeUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.nodes) return usesUnread('nodes');
  const nodes = hangingOn(model.snapshot.nodes, fn.address);
  const uses = nodes.flatMap(({ path, openBy }): Use[] => {
    const own = path.startsWith('/dev/vfio/') ? guestsOf(model, fn) : [];
    const others = openBy?.filter(({ pid }) => !own.includes(pid)) ?? [];
    return others.length > 0 ? [useHeld(path.slice('/dev/'.length), path, path, others)] : [];
  });
  const hidden = nodes.find((node) => !node.openBy)?.path ?? untold(model, fn);
  if (hidden && !uses.some((use) => use.busy)) return usesUnread('nodes.openBy', hidden);
  return usesRead(model, uses, ['nodes.function']);
}

/** Processes of guests that run with the function or its group: what they hold through vfio was lent to them. */
function guestsOf(model: HostModel, fn: PciFunction): (number | null)[] {
  const group = [fn, ...(groupMates(model, fn.address) ?? [])].map((one) => one.address);
  const lends = model.lends.filter((lend) => lend.live && group.includes(lend.address));
  return lends.map((lend) => lend.guest.fact.pid);
}

/** Its driver does not say which node is its own. */
function untold(model: HostModel, fn: PciFunction): string | null {
  return gapBeside(model, 'nodes.openBy', fn.address) ? fn.address : null;
}
