import type { PciFunction } from '../../facts/snapshot.ts';
import { addressDevice, addressShort } from '../../model/address.ts';
import type { HostModel } from '../../model/model.ts';
import type { Finding } from '../finding.ts';
import { functionLabel, functionWord, isMultimedia, isPlatform } from '../function-word.ts';
import { clear, evidence, found, type Question, type Rule } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';
import { unknown } from '../unread.ts';
import { displayUses } from '../use/display.ts';
import { networkUses } from '../use/network.ts';
import { storageUses } from '../use/storage.ts';

const id = 'function-class';

export const functionClass: Rule = {
  id,
  title: 'class',
  about: 'function',
  needs: ['functions', 'network', 'storage', 'display'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => {
      const seen = evidence(sysfsOf(fn.address, 'class'), `0x${fn.class} (${functionWord(fn)})`);
      if (isMultimedia(fn))
        return clear(id, fn.address, `a multimedia function (${functionWord(fn)})`, [seen]);
      if (isPlatform(fn)) {
        return found(id, fn.address, {
          severity: 'guard',
          why: `${functionLabel(fn)} is a part of the machine itself: firmware, sensors and interrupts of the host depend on it`,
          evidence: [seen],
          accept: `lose ${addressShort(fn.address)}`,
        });
      }
      if (!companion(model, question, fn)) {
        return found(id, fn.address, {
          severity: 'guard',
          why: `only multimedia functions and their group mates are lent in this version, and ${functionLabel(fn)} is neither`,
          evidence: [seen],
        });
      }
      return mate(model, fn);
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The function is not a multimedia function, and is not a harmless mate of one.',
    why: 'Before other classes are lent, every way in which a host can live on them must be known: volumes on disks, bridges on interfaces, consoles on displays. Until that is complete only multimedia functions (class 04) are lent. A mate in the same group or device may go along when it has no network link up, no disk below and no display open. ISA and LPC bridges, SMBus, memory and interrupt controllers and management controllers belong to the machine itself, and going without them can stop it.',
    cure: 'Lend a sound card that stands alone in its group. Where a mate is named, free it first: take its interface down, remove its disk.',
  },
};

/** It goes along with a multimedia function of its own group or device. */
function companion(model: HostModel, question: Question, fn: PciFunction): boolean {
  return question.functions.some((address) => {
    const other = model.functions.get(address);
    if (!other || !isMultimedia(other)) return false;
    return (
      (fn.group !== null && other.group === fn.group) ||
      addressDevice(other.address) === addressDevice(fn.address)
    );
  });
}

function mate(model: HostModel, fn: PciFunction): Finding {
  const answers = [networkUses(model, fn), storageUses(model, fn), displayUses(model, fn)] as const;
  for (const answer of answers) {
    if (answer.state === 'unread') return unknown(id, fn.address, 'guard', model, answer.fact, answer.of);
  }
  const [network, storage, display] = answers.map((a) => (a.state === 'read' ? a.uses : []));
  // A disk counts even when idle: a volume manager may hold it without any mount that we can see.
  const against = [...network!.filter((u) => u.busy), ...storage!, ...display!.filter((u) => u.busy)];
  if (against.length === 0) {
    return clear(
      id,
      fn.address,
      `${functionLabel(fn)} may go along: no link up, no disk below, no display open`,
    );
  }
  return found(id, fn.address, {
    severity: 'guard',
    why: `${functionLabel(fn)} cannot go along: ${against.map((u) => u.evidence.text).join('; ')}`,
    evidence: against.map((u) => u.evidence),
  });
}
