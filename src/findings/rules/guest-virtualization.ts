import { clear, evidence, found, type Rule, undecided } from '../rule.ts';
import { guestSource, theGuest } from '../subject.ts';

const id = 'guest-virtualization';

export const guestVirtualization: Rule = {
  id,
  title: 'guest type',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'warning' }, (guest) => {
      if (guest.virtType === null)
        return undecided(id, guest.name, 'warning', 'unknown (its definition has no type)');
      const seen = [evidence(guestSource(guest), `<domain type='${guest.virtType}'>`)];
      if (guest.virtType === 'kvm') return clear(id, guest.name, 'a KVM guest', seen);
      if (guest.virtType === 'qemu') {
        const why =
          'the guest is emulated (type qemu): a lent function works, but the guest is slow, and sound may stutter';
        const kvm = model.snapshot.cpu?.kvm === true;
        const text = "this host has KVM: type='kvm' in the definition's first line makes it a fast one";
        const remedy = kvm ? { text, command: null, cost: null } : null;
        return found(id, guest.name, { severity: 'warning', why, evidence: seen, remedy });
      }
      const why = `a guest of type ${guest.virtType} cannot have a function through VFIO`;
      return found(id, guest.name, { severity: 'blocker', why, evidence: seen });
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The guest’s definition says another type than `kvm`.',
    why: 'VFIO works with QEMU’s pure emulation as well, since the IOMMU and not KVM maps the guest’s memory. It is only slow: ten times and more. Other hypervisors’ guests do not use VFIO.',
    cure: "On a host with KVM, change `<domain type='qemu'>` to `kvm`. On one without, expect patience.",
  },
};
