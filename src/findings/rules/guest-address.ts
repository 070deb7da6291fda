import { Failure } from '../../failure.ts';
import { addressDevice, addressShort } from '../../model/address.ts';
import { type GuestModel, guestAddressFree } from '../../model/guest.ts';
import { clear, evidence, found, type Question, type Rule } from '../rule.ts';
import { guestSource, theGuest } from '../subject.ts';

const id = 'guest-address';

export const guestAddress: Rule = {
  id,
  title: 'address in the guest',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'blocker' }, (guest) => {
      const { slot } = question;
      if (slot === null) return clear(id, guest.name, 'libvirt chooses the address in the guest');
      const place = guestAddressFree(guest, slot);
      const problem = place instanceof Failure ? place.message : takenBeside(guest, question, place.address);
      if (problem === null) return clear(id, guest.name, `${slot} is free in the guest`);
      return found(id, guest.name, {
        severity: 'blocker',
        why: problem,
        evidence: [...guest.taken].map(([address, by]) =>
          evidence(guestSource(guest), `${addressShort(address)} ${by}`),
        ),
        remedy: {
          text: 'choose another address, or leave out --slot and libvirt chooses',
          command: null,
          cost: null,
        },
      });
    }),
  signatures: [
    /Attempted double use of PCI (?:slot|Address) /i,
    /Invalid PCI address \S+ slot must be/,
    /No more available PCI slots/,
    /No PCI buses available/i,
  ],
  explainsAway: [],
  page: {
    what: 'The address that was asked for in the guest is taken, or cannot exist there.',
    why: "This is the guest’s own numbering and has nothing to do with the host’s: the same card may be 00:1b.0 here and 05:00.0 there. On a q35 machine each root port makes a bus with one slot, 00; slots 01 to 1f exist on bus 00 and behind bridges. libvirt says `Attempted double use of PCI slot` or `Invalid PCI address … slot must be <= 0`. Its hint about `multifunction='on'` only helps when a second function of the same slot was meant. Numbers are hexadecimal: 1b, not 27.",
    cure: 'Leave the address out: libvirt adds the root ports that it needs while the guest is off. Give one only when something in the guest is tied to it.',
  },
};

/** Functions of one device go to one slot with their numbers kept, so the slot must be free for each of them. */
function takenBeside(guest: GuestModel, question: Question, address: string): string | null {
  if (question.functions.length < 2) return null;
  for (const source of question.functions) {
    const beside = `${addressDevice(address)}${source.slice(source.lastIndexOf('.'))}`;
    const holder = guest.taken.get(beside);
    if (holder !== undefined)
      return `${addressShort(source)} would be ${addressShort(beside)}, taken by ${holder}`;
  }
  return null;
}
