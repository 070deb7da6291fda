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
        why: 'the guest starts with the host, and takes the function then: a lend that harms the host harms it again at each boot',
        evidence: [evidence(`virsh dominfo ${guestWord(guest)}`, 'Autostart: enable')],
        remedy: {
          text: 'turn autostart off until the lend is proven',
          command: `virsh autostart --disable ${guestWord(guest)}`,
          cost: null,
        },
      });
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The guest is marked for autostart.',
    why: 'It starts with libvirt, before anybody can look. If the lent function, or its group, turns out to be something that the host needs, the host loses it at every boot, and the way back is a rescue boot.',
    cure: 'Keep autostart off until one start has been proven, then turn it on again.',
  },
};
