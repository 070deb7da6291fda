/** One word and one line for a function in a list, by the same rules that refuse an assignment. */
import type { HostModel } from '../model/model.ts';
import type { Finding } from './finding.ts';
import { functionLabel } from './function-word.ts';
import { needsOf, rulesFor } from './index.ts';
import { platformPart } from './platform.ts';
import { refusalsOf } from './refusal.ts';
import type { Question, Rule, VerdictWord } from './rule.ts';
import { functionDriver } from './rules/function-driver.ts';
import { blockingMates } from './rules/group-mates.ts';

export interface Verdict {
  readonly word: VerdictWord;
  /** The word, and after a colon why: `needs mates: 00:1b.1 (NIC)`. */
  readonly text: string;
}

/** Refusals of a rule. */
type Refused = (rule: Rule) => readonly Finding[];

/** That of the driver advises, and never refuses: a list need not read overrides for it. */
const RULES = rulesFor('function').filter((rule) => rule !== functionDriver);
/** What must have been read for a verdict. */
export const VERDICT_NEEDS = needsOf(RULES);
const saying = (word: VerdictWord) => RULES.filter((rule) => rule.verdict?.split(':')[0] === word);
const SAYING = {
  impossible: saying('impossible'),
  'used by the host': saying('used by the host'),
  lent: saying('lent'),
};

export function verdictOf(model: HostModel, address: string): Verdict {
  const question: Question = { functions: [address], guest: null, slot: null };
  const answers = new Map<Rule, readonly Finding[]>();
  // A word that is given leaves the rules of those after it unasked.
  const refused = (rule: Rule): readonly Finding[] => {
    const answer = answers.get(rule) ?? refusalsOf(rule.predict(model, question));
    answers.set(rule, answer);
    return answer;
  };
  return (
    told(refused, 'impossible') ??
    lent(model, address) ??
    told(refused, 'used by the host') ??
    needsMates(model, question, address) ??
    told(refused, 'lent') ??
    otherwise(RULES.flatMap(refused)) ?? { word: 'free', text: 'free' }
  );
}

/** What the rules of this word have found to refuse: each piece of evidence, or the one text that a rule has for it. */
function told(refused: Refused, word: keyof typeof SAYING): Verdict | null {
  const found = SAYING[word].flatMap((rule) =>
    refused(rule).flatMap((finding) => (finding.state === 'found' ? [{ rule, finding }] : [])),
  );
  const why = found
    .filter(({ rule }) => rule.verdict === word)
    .flatMap(({ finding }) => (word === 'lent' ? [finding.why] : finding.evidence.map((e) => e.text)));
  if (why.length > 0) return verdict(word, [...new Set(why)].join('; '));
  const whole = found[0]?.rule.verdict;
  return whole === undefined ? null : { word, text: whole };
}

/** `f20vm`, `f20vm (shut off)`; null when no guest has it. */
function lent(model: HostModel, address: string): Verdict | null {
  const lends = model.lends.filter((lend) => lend.address === address);
  if (lends.length === 0) return null;
  const names = lends.map(({ guest, live }) => (live ? guest.name : `${guest.name} (${guest.state})`));
  return verdict('lent', names.join(', '));
}

function needsMates(model: HostModel, question: Question, address: string): Verdict | null {
  const fn = model.functions.get(address);
  const mates = fn ? blockingMates(model, question, fn) : [];
  if (mates.length === 0) return null;
  const never = mates.filter((mate) => platformPart(mate)?.never);
  // To lend it, the machine would have to do without a part of itself.
  if (never.length > 0)
    return verdict('impossible', `its group holds ${never.map(functionLabel).join(', ')}`);
  return verdict('needs mates', mates.map(functionLabel).join(', '));
}

/** Refused by a rule that has no word of its own, or by one that could not look. */
function otherwise(refusals: readonly Finding[]): Verdict | null {
  const found = refusals.find((f) => f.state === 'found');
  if (found) return verdict('guarded', found.why);
  const unread = refusals[0];
  return unread ? { word: 'unknown', text: unread.why } : null;
}

function verdict(word: VerdictWord, why: string): Verdict {
  return { word, text: `${word}: ${why}` };
}
