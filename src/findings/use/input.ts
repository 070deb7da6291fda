import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import { evidence } from '../rule.ts';
import { type Use, type Uses, usesRead, usesUnread } from './use.ts';

/**
 * Keyboards and pointers below it: busy when none of their kind stays. What is on no PCI function (PS/2) stays;
 * `along` are the functions that go with it, so that two keyboards on two controllers do not vouch for each other.
 */
export function inputUses(model: HostModel, fn: PciFunction, along: readonly string[] = [fn.address]): Uses {
  const { input } = model.snapshot;
  if (!input) return usesUnread('input');
  const uses = (['keyboard', 'pointer'] as const).flatMap((kind): Use[] => {
    const all = input.filter((device) => device[kind]);
    const going = all.filter((device) => device.function === fn.address).map((device) => device.name);
    if (going.length === 0) return [];
    const staying = all.find((device) => device.function === null || !along.includes(device.function));
    const text = staying
      ? `the ${kind} ${going.join(', ')} goes along, ${staying.name} stays`
      : `the only ${kind} of the host hangs below it: ${going.join(', ')}`;
    return [{ name: kind, busy: !staying, evidence: evidence('/proc/bus/input/devices', text) }];
  });
  return usesRead(model, uses, ['input.function']);
}
