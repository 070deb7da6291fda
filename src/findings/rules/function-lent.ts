import { lendsParse } from '../../edit/xml/metadata.ts';
import { addressShort } from '../../model/address.ts';
import type { GuestModel } from '../../model/guest.ts';
import { groupMates, type HostModel, type Lend } from '../../model/model.ts';
import type { Finding } from '../finding.ts';
import { clear, evidence, found, type Question, type Rule } from '../rule.ts';
import { guestWord } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-lent';

export const functionLent: Rule = {
  id,
  title: 'lent already',
  about: 'function',
  verdict: 'lent',
  needs: ['functions', 'libvirt'],
  predict: (model, question) =>
    question.functions.flatMap((address) => {
      if (!model.snapshot.libvirt) return unknown(id, address, 'guard', model, 'libvirt');
      const mates = (groupMates(model, address) ?? []).map((mate) => mate.address);
      const others = model.guests.filter((guest) => guest.uuid !== question.guest);
      const found = others.flatMap((guest) => {
        const lends = model.lends.filter((lend) => lend.guest === guest);
        const own = lends.filter((lend) => lend.address === address);
        const shared = lends.filter((lend) => mates.includes(lend.address));
        return otherGuest(model, question, address, own, shared);
      });
      return found.length > 0 ? found : clear(id, address, 'no other guest has it or its group');
    }),
  signatures: [
    /PCI device \S+ is in use by driver QEMU, domain \S+/,
    /Not (?:detaching|reattaching) active device/,
  ],
  explainsAway: ['function-driver'],
  page: {
    what: 'Another guest has the function, or a function of its group: now, or by its definition.',
    why: 'A function, and a whole group, can be in one running guest only: `PCI device … is in use by driver QEMU, domain …`. libvirt lets any number of guests be defined with it, also two guests with one function each of the same group, so the collision shows when the second one starts; when one of them starts with the host, it takes the group first. A cloned guest claims what its original claims: `virt-clone` copies the lent function like everything else.',
    cure: 'Take it from the other guest (`vfioctl release ADDRESS --from GUEST`). If the two guests shall take turns, the words that override this name the other guest.',
  },
};

/** What one other guest has of the function itself, or of its group: the group goes to one guest at a time. */
function otherGuest(
  model: HostModel,
  question: Question,
  address: string,
  own: readonly Lend[],
  shared: readonly Lend[],
): Finding[] {
  const all = [...own, ...shared];
  const running = all.filter((lend) => lend.live);
  const lend = running[0] ?? all[0];
  if (!lend) return [];
  const guest = lend.guest;
  const short = addressShort(lend.address);
  const mate = lend.address === address ? null : `its group mate ${short}`;
  const seen = all.map((l) =>
    evidence(`guest ${guest.name}`, `${guest.state}, has ${addressShort(l.address)}`),
  );
  const remedy = {
    text: `take it from ${guest.name} first`,
    command: `vfioctl release ${short} --from ${guestWord(guest)}`,
    cost: lend.live ? `${guest.name} loses it` : null,
  };
  if (running.length > 0) {
    const why = mate === null ? `${guest.name} has ${short} and runs` : `${guest.name} runs with ${mate}`;
    return [found(id, address, { severity: 'blocker', why, evidence: seen, remedy })];
  }
  const has = `${guest.name} has ${mate ?? short} in its definition${mate === null ? ' too' : ''}`;
  const then = guest.fact.autostart
    ? ' and starts with the host: it will take it first'
    : ': the two guests cannot run together';
  const copied = all.some((l) => cloned(model, question, l))
    ? `; one of them looks like a clone of the other, for both carry the note of the same lend`
    : '';
  return [
    found(id, address, {
      // Without a guest in question nobody is about to collide with it.
      severity: question.guest === null ? 'warning' : 'guard',
      why: `${has}${then}${copied}`,
      evidence: seen,
      remedy,
      accept: question.guest === null ? null : `share with ${guest.name}`,
    }),
  ];
}

/** Both definitions have the element with our alias, and our metadata about it: copying a guest copies both. */
function cloned(model: HostModel, question: Question, lend: Lend): boolean {
  const noted = (guest: GuestModel) =>
    lendsParse(guest.fact.inactiveXml).some((note) => note.address === lend.address);
  const same = model.lends.find((l) => l.guest.uuid === question.guest && l.address === lend.address);
  return same?.ours === true && lend.ours && noted(same.guest) && noted(lend.guest);
}
