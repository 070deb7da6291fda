import type { Finding } from '../finding.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestWord, theGuest } from '../subject.ts';

const id = 'guest-managed-save';

export const guestManagedSave: Rule = {
  id,
  title: 'managed save',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'blocker' }, (guest) => {
      const findings: Finding[] = [];
      if (guest.fact.managedSave) {
        findings.push(
          found(id, guest.name, {
            severity: 'blocker',
            why: 'the guest has a managed save: its next start brings back the saved machine with the old hardware, not the changed definition',
            evidence: [evidence(`virsh dominfo ${guestWord(guest)}`, 'Managed save: yes')],
            remedy: {
              text: 'start it and shut it down properly, or throw the saved state away',
              command: `virsh managedsave-remove ${guestWord(guest)}`,
              cost: 'what ran in the guest when it was saved is lost, as after a power cut',
            },
          }),
        );
      }
      const snapshots = guest.fact.snapshots ?? 0;
      if (snapshots > 0) {
        findings.push(
          found(id, guest.name, {
            severity: 'warning',
            why: `the guest has ${snapshots} ${snapshots === 1 ? 'snapshot' : 'snapshots'} with the old hardware: going back to one takes the lent function away`,
            evidence: [evidence(`virsh snapshot-list ${guestWord(guest)}`, String(snapshots))],
          }),
        );
      }
      return findings.length > 0
        ? findings
        : clear(id, guest.name, 'no managed save and no snapshot holds old hardware');
    }),
  signatures: [/domain has assigned non-USB host devices/, /VFIO migration is not supported in kernel/],
  explainsAway: [],
  page: {
    what: 'The guest has a managed save image, or snapshots, made before the function is lent.',
    why: 'Both hold a whole machine: memory and hardware. A start with a managed save restores that machine and ignores what was changed in the definition since. A snapshot brings its own definition back. With a lent function neither can be made any more: its state is in the hardware, which libvirt says as `domain has assigned non-USB host devices`.',
    cure: 'Start the guest and shut it down from inside; that uses the save up. Or drop it with `virsh managedsave-remove`, which is a power cut for what ran. Keep snapshots only if you know that going back removes the lend.',
  },
};
