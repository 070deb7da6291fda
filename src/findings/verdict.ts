/** One word and one line for a function in a list, by the same rules that refuse an assignment. */
import type { PciFunction } from '../facts/snapshot.ts';
import type { HostModel } from '../model/model.ts';
import type { Finding } from './finding.ts';
import { functionLabel, isPlatform } from './function-word.ts';
import { rulesFor } from './index.ts';
import { refusalsOf } from './refusal.ts';
import type { Question } from './rule.ts';
import { blockingMates } from './rules/group-mates.ts';

export interface Verdict {
  readonly word: 'free' | 'needs mates' | 'used by the host' | 'lent' | 'unknown' | 'impossible';
  /** The word, and after a colon why: `needs mates: 00:1b.1 (NIC)`. */
  readonly text: string;
}

/** Why it cannot be lent at all, in the order in which it matters. */
const IMPOSSIBLE: readonly (readonly [rule: string, text: string])[] = [
  ['function-present', 'no such function'],
  ['function-endpoint', 'bridge'],
  ['function-alive', 'does not answer'],
  ['function-group', 'no IOMMU group'],
  ['group-reserved-regions', 'firmware keeps memory for it'],
];

const IN_USE = ['network-in-use', 'storage-in-use', 'display-in-use', 'sound-in-use'];

export function verdictOf(model: HostModel, address: string): Verdict {
  const question: Question = { functions: [address], guest: null, slot: null };
  const findings = rulesFor('function').flatMap((rule) => rule.predict(model, question));
  const found = findings.filter((f) => f.state === 'found');
  for (const [rule, text] of IMPOSSIBLE) {
    if (found.some((f) => f.rule === rule)) return { word: 'impossible', text: `impossible: ${text}` };
  }
  const lent = lentTo(model, address);
  if (lent !== null) return { word: 'lent', text: `lent: ${lent}` };
  const fn = model.functions.get(address);
  if (!fn) return unread(findings);
  const used = hostUse(found, fn);
  if (used !== null) return { word: 'used by the host', text: `used by the host: ${used}` };
  if (found.some((f) => f.rule === 'function-class')) {
    return { word: 'impossible', text: 'impossible: only multimedia functions are lent in this version' };
  }
  const mates = blockingMates(model, question, fn);
  if (mates.length > 0) {
    return { word: 'needs mates', text: `needs mates: ${mates.map(functionLabel).join(', ')}` };
  }
  const rest = refusalsOf(findings)[0];
  if (!rest) return { word: 'free', text: 'free' };
  return rest.state === 'undecided' ? unread(findings) : { word: 'lent', text: `lent: ${rest.why}` };
}

/** `f20vm`, `f20vm (shut off)`; null when no guest has it. */
function lentTo(model: HostModel, address: string): string | null {
  const lends = model.lends.filter((lend) => lend.address === address);
  if (lends.length === 0) return null;
  return lends
    .map((lend) => (lend.live ? lend.guest.name : `${lend.guest.name} (${lend.guest.state})`))
    .join(', ');
}

function hostUse(found: readonly Finding[], fn: PciFunction): string | null {
  const busy = found.filter((f) => f.severity === 'guard' && IN_USE.includes(f.rule));
  if (busy.length > 0) return busy.flatMap((f) => f.evidence.map((e) => e.text)).join('; ');
  return isPlatform(fn) ? 'part of the machine itself' : null;
}

function unread(findings: readonly Finding[]): Verdict {
  const first =
    findings.find((f) => f.state === 'undecided' && f.severity === 'guard') ??
    findings.find((f) => f.state === 'undecided');
  return { word: 'unknown', text: first?.why ?? 'unknown' };
}
