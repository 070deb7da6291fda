/** The library: what the command line is made of, for programs that look at hosts or captures themselves. */
export { collect } from './facts/collect.ts';
export type { Need, Snapshot } from './facts/snapshot.ts';
export { Failure, type FailureCode } from './failure.ts';
export type { Finding } from './findings/finding.ts';
export { findingsOf, rules } from './findings/index.ts';
export type { Question, Rule } from './findings/rule.ts';
export { type Verdict, verdictOf } from './findings/verdict.ts';
export type { Host } from './host/host.ts';
export { hostOpen } from './host/open.ts';
export type { GuestModel, Hostdev } from './model/guest.ts';
export { type HostModel, modelOf } from './model/model.ts';
export { type AssignIntent, planAssign } from './plan/assign.ts';
export type { Plan } from './plan/plan.ts';
export { planRelease, type ReleaseIntent } from './plan/release.ts';
export type { Proof } from './proof/proof.ts';
