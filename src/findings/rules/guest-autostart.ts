import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestWord, theGuest } from '../subject.ts';

const id = 'guest-autostart';

export const guestAutostart: Rule = {
  id,
  title: 'guest autostart',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'info' }, (guest) => {
      if (!guest.fact.autostart) return clear(id, guest.name, 'it does not start with the host');
      return found(id, guest.name, {
        severity: 'info',
        why: 'the guest starts with the host, and takes the function then: a lend that harms the host would harm it at each boot, so a new lend turns that off until its first proven start',
        evidence: [evidence(`virsh dominfo ${guestWord(guest)}`, 'Autostart: enable')],
      });
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The guest is marked for autostart.',
    why: 'It starts with libvirt, before anybody can look. If the lent function, or its group, turns out to be something that the host needs, the host loses it at every boot, and the way back is a rescue boot.',
    cure: 'Nothing: a new lend turns autostart off, and the first proven start (`assign --start`, `verify --exercise`) turns it on again; `release` and `undo` do too.',
  },
};
