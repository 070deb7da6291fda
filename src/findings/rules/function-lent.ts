import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import { groupMates, type Lend } from '../../model/model.ts';
import type { Finding } from '../finding.ts';
import { clear, evidence, found, type Question, type Rule } from '../rule.ts';
import { guestWord } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-lent';

export const functionLent: Rule = {
  id,
  title: 'lent already',
  about: 'function',
  needs: ['functions', 'libvirt'],
  predict: (model, question) =>
    question.functions.flatMap((address) => {
      if (!model.snapshot.libvirt) return unknown(id, address, 'guard', model, 'libvirt');
      const fn = model.functions.get(address);
      const mates = fn ? (groupMates(model, address) ?? []) : [];
      const others = model.lends.filter((lend) => lend.guest.uuid !== question.guest);
      const found = [
        ...others
          .filter((lend) => lend.address === address)
          .map((lend) => lentFinding(address, lend, question)),
        ...others
          .filter((lend) => mates.some((mate) => mate.address === lend.address))
          .flatMap((lend) => mateFinding(address, fn!, lend)),
      ];
      return found.length > 0 ? found : clear(id, address, 'no other guest has it or its group');
    }),
  signatures: [
    /PCI device \S+ is in use by driver QEMU, domain \S+/,
    /Not (?:detaching|reattaching) active device/,
  ],
  explainsAway: ['function-driver'],
  page: {
    what: 'Another guest has the function, or a function of its group: now, or by its definition.',
    why: 'A function, and a whole group, can be in one running guest only: `PCI device … is in use by driver QEMU, domain …`. libvirt lets any number of guests be defined with it, so the collision shows when the second one starts; when one of them starts with the host, it takes the function first.',
    cure: 'Take it from the other guest (`vfioctl release ADDRESS --from GUEST`), or see to it that the two never run together.',
  },
};

/** The other guest by which the function is lent now or from its next start. */
function lentFinding(address: string, lend: Lend, question: Question): Finding {
  const guest = lend.guest;
  const seen = [evidence(`guest ${guest.name}`, `${guest.state}, has ${addressShort(address)}`)];
  const remedy = {
    text: `take it from ${guest.name} first`,
    command: `vfioctl release ${addressShort(address)} --from ${guestWord(guest)}`,
    cost: lend.live ? `${guest.name} loses it` : null,
  };
  if (lend.live) {
    return found(id, address, {
      severity: 'blocker',
      why: `${guest.name} has ${addressShort(address)} and runs`,
      evidence: seen,
      remedy,
    });
  }
  // Without a guest in question nobody is about to collide with it.
  if (guest.fact.autostart && question.guest !== null) {
    return found(id, address, {
      severity: 'guard',
      why: `${guest.name} has ${addressShort(address)} in its definition and starts with the host: it will take it first`,
      evidence: seen,
      remedy,
      accept: `share with ${guest.name}`,
    });
  }
  const why = `${guest.name} has ${addressShort(address)} in its definition too: the two cannot run together`;
  return found(id, address, { severity: 'warning', why, evidence: seen, remedy });
}

/** A lent mate: the group goes to one guest, so a running one keeps everybody else out. */
function mateFinding(address: string, fn: PciFunction, lend: Lend): Finding[] {
  const guest = lend.guest;
  const seen = [
    evidence(`guest ${guest.name}`, `${guest.state}, has ${addressShort(lend.address)} of group ${fn.group}`),
  ];
  const mate = `its group mate ${addressShort(lend.address)}`;
  if (lend.live) {
    return [
      found(id, address, { severity: 'blocker', why: `${guest.name} runs with ${mate}`, evidence: seen }),
    ];
  }
  const why = `${guest.name} has ${mate} in its definition: the two guests cannot run together`;
  return [found(id, address, { severity: 'warning', why, evidence: seen })];
}
