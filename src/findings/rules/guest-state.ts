import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestWord, theGuest } from '../subject.ts';

const id = 'guest-state';

/** States in which a guest can be changed without surprise, as `virsh domstate` says them. */
const WELL: readonly string[] = ['running', 'idle', 'shut off'];
/** On its way: what is true now is not true in a moment. */
const LEAVING: readonly string[] = ['in shutdown', 'dying'];

export const guestState: Rule = {
  id,
  title: 'guest state',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'warning' }, (guest) => {
      const seen = [evidence(`virsh domstate ${guestWord(guest)}`, guest.state)];
      if (WELL.includes(guest.state)) return clear(id, guest.name, `the guest is ${guest.state}`, seen);
      if (LEAVING.includes(guest.state)) {
        const remedy = { text: 'wait until it is off, then ask again', command: null, cost: null };
        const why = `the guest is ${guest.state}: what it holds is about to change`;
        return found(id, guest.name, { severity: 'blocker', why, evidence: seen, remedy });
      }
      return found(id, guest.name, {
        severity: 'warning',
        why: `the guest is ${guest.state}: it holds its old hardware, and sees a change only after a full stop and start`,
        evidence: seen,
      });
    }),
  signatures: [/Requested operation is not valid: domain is not running/, /Domain is already active/],
  explainsAway: [],
  page: {
    what: 'The guest is neither running nor off: paused, crashed, suspended, or on its way down.',
    why: 'A paused, crashed or suspended guest still has its QEMU, and with it every lent function; it answers no agent and no shutdown. A guest on its way down is about to give back what it holds.',
    cure: 'Resume it, or end it: a crashed guest with `virsh destroy`, which is a power cut for it. Wait for one that is stopping.',
  },
};
