import type { PciFunction } from '../facts/snapshot.ts';
import { addressShort } from '../model/address.ts';
import type { HostModel } from '../model/model.ts';
import type { Finding } from './finding.ts';
import { loseWords } from './refusal.ts';
import { clear, found } from './rule.ts';
import { unknown } from './unread.ts';
import type { Uses } from './use/use.ts';

export interface InUseWords {
  /** `no network interface is below it` */
  readonly nothing: string;
  /** How to free it first; null when there is nothing sensible to say. */
  readonly remedy: string | null;
}

/** The guard of one kind of use: found while the host uses it, clear when it is idle or not there. */
export function inUseFinding(
  rule: string,
  model: HostModel,
  fn: PciFunction,
  answer: Uses,
  words: InUseWords,
): Finding {
  if (answer.state === 'unread') return unknown(rule, fn.address, 'guard', model, answer.fact, answer.of);
  const busy = answer.uses.filter((u) => u.busy);
  if (busy.length === 0) {
    const idle = answer.uses.map((u) => u.evidence);
    const why = idle.length > 0 ? idle.map((e) => e.text).join('; ') : words.nothing;
    return clear(rule, fn.address, why, idle);
  }
  return found(rule, fn.address, {
    severity: 'guard',
    why: `the host uses ${addressShort(fn.address)}: ${busy.map((u) => u.evidence.text).join('; ')}`,
    evidence: busy.map((u) => u.evidence),
    remedy: words.remedy === null ? null : { text: words.remedy, command: null, cost: null },
    accept: busy.some((u) => u.vital) ? null : loseWords(busy.map((u) => u.name)),
  });
}
