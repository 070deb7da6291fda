import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import type { HostModel } from '../../model/model.ts';
import type { Evidence, Finding } from '../finding.ts';
import { isPassthroughDriver } from '../function-word.ts';
import { LOSS_NEEDS } from '../loss.ts';
import { clear, evidence, found, type Question, type Rule } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';
import { gapBeside, unknown } from '../unread.ts';
import { allUses } from '../use/all.ts';

const id = 'virtual-functions-in-use';
const NAMED_MAX = 3;

export const virtualFunctionsInUse: Rule = {
  id,
  title: 'virtual functions in use',
  about: 'function',
  verdict: 'used by the host',
  needs: [...LOSS_NEEDS, 'libvirt'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => judge(model, question, fn)),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The function is a physical function, and some of its virtual functions are in use: a guest has one, now or by its definition, one is bound to vfio, or the host uses one: its interface, its disk, its screen.',
    why: 'Virtual functions live on their physical function: its driver made them, carries out what they ask for, and takes them from the bus when it lets go. A guest that has one loses it in the middle of its work, and libvirt does not compare the two.',
    cure: 'Lend one of its virtual functions instead, and not both: that is what they are for. To lend the whole card, take them back first, and set `sriov_numvfs` to 0.',
  },
};

function judge(model: HostModel, question: Question, fn: PciFunction): Finding {
  const along = fn.virtualFunctions.filter((address) => question.functions.includes(address));
  if (along.length > 0) return alongFinding(fn, along);
  const all = fn.virtualFunctions.map((address) => virtualUse(model, address));
  const used = all.filter((one) => one.state === 'used');
  if (used.length > 0) return usedFinding(fn, used);
  if (gapBeside(model, 'functions.virtualFunctions', fn.address))
    return unknown(id, fn.address, 'guard', model, 'functions.virtualFunctions', fn.address);
  const unread = all.find((one) => one.state === 'unread');
  if (unread) return unknown(id, fn.address, 'guard', model, unread.fact, unread.of);
  if (all.length === 0) return clear(id, fn.address, 'it has no virtual functions');
  return clear(id, fn.address, `none of its ${all.length} virtual functions is in use`);
}

/** The guest would be started with what is gone by then. */
function alongFinding(fn: PciFunction, along: readonly string[]): Finding {
  const names = along.slice(0, NAMED_MAX).map(addressShort).join(', ');
  return found(id, fn.address, {
    severity: 'blocker',
    why: `${names} cannot go along with ${addressShort(fn.address)}: a virtual function is gone when its physical function leaves the driver`,
    evidence: along.map((address) => evidence(sysfsOf(address, 'physfn'), fn.address)),
    remedy: { text: 'lend the one or the other', command: null, cost: null },
  });
}

function usedFinding(fn: PciFunction, used: readonly Used[]): Finding {
  const more = used.length > NAMED_MAX ? `; and ${used.length - NAMED_MAX} more` : '';
  const named = used.slice(0, NAMED_MAX).map((one) => one.evidence.text);
  const of = `of the ${fn.virtualFunctions.length} virtual functions of ${addressShort(fn.address)}`;
  return found(id, fn.address, {
    severity: 'guard',
    why: `${used.length} ${of} ${used.length === 1 ? 'is' : 'are'} in use: ${named.join('; ')}${more}`,
    evidence: used.map((one) => one.evidence),
    remedy: { text: 'lend a virtual function instead, or take them back first', command: null, cost: null },
    accept: used.some((one) => one.vital)
      ? null
      : `lose ${used.length} virtual function${used.length === 1 ? '' : 's'}`,
  });
}

interface Used {
  readonly state: 'used';
  readonly evidence: Evidence;
  readonly vital: boolean;
}

type VirtualUse =
  | Used
  | { readonly state: 'unread'; readonly fact: string; readonly of: string | null }
  | { readonly state: 'idle' };

/** Who uses it: a guest, a program through vfio, or the host itself. */
function virtualUse(model: HostModel, address: string): VirtualUse {
  const name = addressShort(address);
  const used = (source: string, text: string, vital = false): VirtualUse => {
    return { state: 'used', evidence: evidence(source, text), vital };
  };
  const lends = model.lends.filter((lend) => lend.address === address);
  const guests = lends.map(({ guest }) => `${guest.name} (${guest.state})`);
  if (lends[0]) return used(`guest ${lends[0].guest.name}`, `${name} is lent to ${guests.join(', ')}`);
  const fn = model.functions.get(address);
  if (!fn) return { state: 'unread', fact: 'functions', of: address };
  if (fn.driver !== null && isPassthroughDriver(fn.driver))
    return used(sysfsOf(address, 'driver'), `${name} is bound to ${fn.driver}`);
  const answer = allUses(model, fn);
  if (answer.state === 'unread') return answer;
  const busy = answer.uses.find((use) => use.vital) ?? answer.uses.find((use) => use.busy);
  if (busy) return used(busy.evidence.source, `${name}: ${busy.evidence.text}`, busy.vital);
  return model.snapshot.libvirt ? { state: 'idle' } : { state: 'unread', fact: 'libvirt', of: null };
}
