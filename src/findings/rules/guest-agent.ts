import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestSource, theGuest } from '../subject.ts';

const id = 'guest-agent';
const CHANNEL = 'org.qemu.guest_agent.0';

export const guestAgent: Rule = {
  id,
  title: 'guest agent',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'info' }, (guest) => {
      if (guest.agent) return clear(id, guest.name, 'it has a channel for the guest agent');
      return found(id, guest.name, {
        severity: 'info',
        why: 'the guest has no channel for an agent: what happens inside it cannot be observed, only shown how to check by hand',
        evidence: [evidence(guestSource(guest), `no channel ${CHANNEL}`)],
        remedy: {
          text: `add a channel ${CHANNEL} to its definition, and qemu-guest-agent inside`,
          command: null,
          cost: 'a full stop and start of the guest',
        },
      });
    }),
  signatures: [
    /QEMU guest agent is not connected/,
    /QEMU guest agent is not configured/,
    /Guest agent is not responding/,
  ],
  explainsAway: [],
  page: {
    what: 'The guest’s definition has no channel `org.qemu.guest_agent.0`.',
    why: 'The proofs inside the guest (the function is listed, a driver is bound, a PCM runs) are read through the agent. Without it the host’s side alone is proven: vfio-pci, the open group, the interrupts. `Guest agent is not responding: QEMU guest agent is not connected` means that the channel is there and nobody answers in the guest, for instance because it is still booting.',
    cure: 'Add the channel and install `qemu-guest-agent` in the guest. Or run in the guest what verify prints.',
  },
};
