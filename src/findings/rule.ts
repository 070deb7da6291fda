import type { Need } from '../facts/snapshot.ts';
import type { HostModel } from '../model/model.ts';
import type { Evidence, Finding } from './finding.ts';
import { typeable } from './refusal.ts';

/** What is asked of the rules: the host alone, some functions, and perhaps the guest that shall have them. */
export interface Question {
  /** Addresses that are to be lent together, group mates that go along included; empty: the host alone. */
  readonly functions: readonly string[];
  /** UUID of the guest, or null. */
  readonly guest: string | null;
  /** Guest addresses asked for with --slot, as written in the guest; null: libvirt chooses. */
  readonly slot: string | null;
  /** The guest is to be started too, with all that its definition has. */
  readonly start?: boolean;
}

/** What a function is to somebody who looks for one to lend. `guarded`: words would lend it. */
export type VerdictWord =
  | 'free'
  | 'needs mates'
  | 'used by the host'
  | 'lent'
  | 'guarded'
  | 'unknown'
  | 'impossible';

/**
 * A rule is one body of knowledge: it predicts from facts, recognises the message afterwards, and explains.
 * One rule a file; id = file name = fixture folder = page in docs/findings. Ids are noun first and never renamed.
 */
export interface Rule {
  readonly id: string;
  /** A few words for a list: `IOMMU on`, `group mates`. */
  readonly title: string;
  readonly about: 'host' | 'function' | 'guest';
  readonly needs: readonly Need[];
  /** What a list calls a function for which this is found: the word, told by the evidence, or word and reason. */
  readonly verdict?: VerdictWord | `${VerdictWord}: ${string}`;
  /**
   * Pure and synchronous. At least one finding for each subject of the question that it is about: `found`,
   * `clear` or `undecided`, never silence.
   */
  readonly predict: (model: HostModel, question: Question) => Finding[];
  /** Messages that this cause leaves in a log; linear-time expressions only. */
  readonly signatures: readonly RegExp[];
  /** Rules whose findings are consequences of this one. */
  readonly explainsAway: readonly string[];
  readonly page: RulePage;
}

/** The page in docs/findings, as Markdown paragraphs. */
export interface RulePage {
  readonly what: string;
  readonly why: string;
  readonly cure: string;
}

interface FoundOptions {
  readonly severity: Finding['severity'];
  readonly why: string;
  readonly evidence?: readonly Evidence[];
  readonly certainty?: Finding['certainty'];
  readonly remedy?: Finding['remedy'];
  readonly asks?: readonly string[];
  /** Words that override it; said in the form in which a person can type them. */
  readonly accept?: string | null;
}

export function found(rule: string, subject: string, options: FoundOptions): Finding {
  return {
    rule,
    subject,
    state: 'found',
    severity: options.severity,
    certainty: options.certainty ?? 'certain',
    evidence: [...(options.evidence ?? [])],
    why: options.why,
    remedy: options.remedy ?? null,
    asks: [...(options.asks ?? [])],
    accept: options.accept ? typeable(options.accept) : null,
    causedBy: null,
  };
}

export function clear(
  rule: string,
  subject: string,
  why: string,
  evidence: readonly Evidence[] = [],
): Finding {
  return { ...found(rule, subject, { severity: 'info', why, evidence }), state: 'clear' };
}

/** `severity` is what it would be if found: a guard that could not read its facts refuses. */
export function undecided(
  rule: string,
  subject: string,
  severity: Finding['severity'],
  why: string,
  asks: readonly string[] = [],
): Finding {
  return { ...found(rule, subject, { severity, why, asks }), state: 'undecided', certainty: 'possible' };
}

export function evidence(source: string, text: string, line: number | null = null): Evidence {
  return { source, line, text };
}
