import type { Need, PciFunction } from '../facts/snapshot.ts';
import type { HostModel } from '../model/model.ts';
import { functionLabel } from './function-word.ts';
import { allUses } from './use/all.ts';

/** What becomes of the host when a function goes that nobody asked for: a mate, or a twin. */
export interface Loss {
  /** `02:00.1 (NIC) is on r8169; the host loses it: eth1 is down` */
  readonly text: string;
  /** The host uses it now, or nobody could tell. */
  readonly busy: boolean;
}

/** What must have been read to tell it. */
export const LOSS_NEEDS: readonly Need[] = [
  'functions',
  'network',
  'storage',
  'display',
  'console',
  'sound',
  'input',
  'nodes',
];

export function lossOf(model: HostModel, fn: PciFunction): Loss {
  const head = `${functionLabel(fn)} is on ${fn.driver ?? 'no driver'}`;
  const answer = allUses(model, fn);
  if (answer.state === 'unread')
    return { text: `${head}; what the host does with it was not read`, busy: true };
  const losses = answer.uses.map((u) => u.evidence.text);
  const text = losses.length > 0 ? `${head}; the host loses it: ${losses.join('; ')}` : head;
  return { text, busy: answer.uses.some((u) => u.busy) };
}
