/** Subjects of a question: every rule answers for each of them, also when the subject itself is not known. */
import type { PciFunction } from '../facts/snapshot.ts';
import type { GuestModel } from '../model/guest.ts';
import type { HostModel } from '../model/model.ts';
import type { Finding } from './finding.ts';
import { type Question, undecided } from './rule.ts';
import { unknown } from './unread.ts';

/** What a rule is called, and how bad it is when found. */
export interface RuleHead {
  readonly id: string;
  readonly severity: Finding['severity'];
}

/** One judgement for each function asked about; undecided where there is no such function to judge. */
export function eachFunction(
  model: HostModel,
  question: Question,
  head: RuleHead,
  judge: (fn: PciFunction) => Finding | Finding[],
): Finding[] {
  return question.functions.flatMap((address) => {
    const fn = model.functions.get(address);
    if (fn) return judge(fn);
    if (!model.snapshot.functions) return unknown(head.id, address, head.severity, model, 'functions');
    return undecided(head.id, address, head.severity, 'unknown (no such function)');
  });
}

/** One judgement for the guest asked about; undecided when libvirt was not read or does not know it. */
export function theGuest(
  model: HostModel,
  question: Question,
  head: RuleHead,
  judge: (guest: GuestModel) => Finding | Finding[],
): Finding[] {
  if (question.guest === null) return [];
  const guest = model.guests.find((g) => g.uuid === question.guest);
  if (guest) return [judge(guest)].flat();
  if (!model.snapshot.libvirt) return [unknown(head.id, question.guest, head.severity, model, 'libvirt')];
  return [undecided(head.id, question.guest, head.severity, 'unknown (no such guest)')];
}

/** The guest as a word of a command line: its name when no shell could misread it, else its UUID. */
export function guestWord(guest: GuestModel): string {
  return /^[A-Za-z_][\w.-]*$/.test(guest.name) ? guest.name : guest.uuid;
}

/** Where the guest's facts come from, as evidence names it. */
export function guestSource(guest: GuestModel): string {
  return `virsh dumpxml ${guestWord(guest)} --inactive`;
}

export function sysfsOf(address: string, attribute = ''): string {
  return `/sys/bus/pci/devices/${address}${attribute === '' ? '' : `/${attribute}`}`;
}
