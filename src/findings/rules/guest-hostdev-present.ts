import { addressShort } from '../../model/address.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestSource, theGuest } from '../subject.ts';

const id = 'guest-hostdev-present';

export const guestHostdevPresent: Rule = {
  id,
  title: 'hostdev present',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'info' }, (guest) => {
      const has = guest.hostdevs.filter((h) => question.functions.includes(h.source));
      if (has.length === 0) return clear(id, guest.name, 'its definition has none of these functions yet');
      const names = has.map((h) => addressShort(h.source)).join(', ');
      const unmanaged = has.filter((h) => !h.managed);
      const seen = has.map((h) =>
        evidence(
          guestSource(guest),
          `hostdev ${h.source}${h.managed ? '' : ", managed='no'"}${h.ours ? ', ours' : ''}`,
        ),
      );
      const hand =
        unmanaged.length > 0 ? "; with managed='no' it has to be detached by hand before each start" : '';
      const why = `its definition has ${names} already: nothing is to be added${hand}`;
      return found(id, guest.name, { severity: 'info', why, evidence: seen });
    }),
  signatures: [/device is already in the domain configuration/],
  explainsAway: [],
  page: {
    what: 'The guest’s definition already has a hostdev with this function.',
    why: 'An assignment that exists is no step: asking again changes nothing and is no error. It may have been made by hand or by another tool; it is seen, verified and released all the same.',
    cure: 'Nothing to do. `vfioctl verify GUEST` shows whether it works.',
  },
};
