import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestWord, theGuest } from '../subject.ts';

const id = 'guest-running';

export const guestRunning: Rule = {
  id,
  title: 'guest running',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'info' }, (guest) => {
      const seen = [evidence(`virsh domstate ${guestWord(guest)}`, guest.state)];
      if (!guest.active) return clear(id, guest.name, 'it is off: a change holds from its next start', seen);
      const why =
        'the guest runs: a change of its definition takes effect at its next full stop and start; a reboot inside it is not enough';
      return found(id, guest.name, { severity: 'info', why, evidence: seen });
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The guest runs while its definition is to be changed.',
    why: 'A running guest keeps the hardware that it started with. A reboot from inside keeps the same QEMU and so the same hardware; only a full stop and start makes a new one from the definition.',
    cure: 'Shut it down and start it, or lend with `--live`, where the guest has a free root port.',
  },
};
