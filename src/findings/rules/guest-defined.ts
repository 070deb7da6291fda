import { clear, evidence, found, type Rule } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'guest-defined';

export const guestDefined: Rule = {
  id,
  title: 'guest defined',
  about: 'guest',
  needs: ['libvirt'],
  predict: (model, question) => {
    if (question.guest === null) return [];
    const libvirt = model.snapshot.libvirt;
    if (!libvirt) return [unknown(id, question.guest, 'blocker', model, 'libvirt')];
    const guest = model.guests.find((g) => g.uuid === question.guest);
    if (!guest) {
      return [
        found(id, question.guest, {
          severity: 'blocker',
          why: `libvirt knows no such guest at ${libvirt.uri}; guests of a user's own session are other ones`,
          evidence: [evidence(libvirt.uri, `${libvirt.guests.length} guests, none with this UUID`)],
        }),
      ];
    }
    if (guest.fact.persistent) return [clear(id, guest.name, 'libvirt has a definition of the guest')];
    return [
      found(id, guest.name, {
        severity: 'blocker',
        why: 'the guest is transient: it has no definition that could hold a lent function, and is gone when it stops',
        evidence: [evidence(`virsh dominfo ${guest.uuid}`, 'Persistent: no')],
        remedy: { text: 'define it first (virsh dumpxml, virsh define)', command: null, cost: null },
      }),
    ];
  },
  signatures: [
    /Domain not found: no domain with matching (?:name|uuid|id) '[^']*'/,
    /failed to get domain '[^']*'/,
    /transient domains do not have any persistent config/,
  ],
  explainsAway: [
    'guest-state',
    'guest-managed-save',
    'guest-memory',
    'guest-virtualization',
    'guest-address',
    'guest-hostdev-present',
    'guest-hostdev-in-use',
    'guest-agent',
    'guest-running',
    'guest-autostart',
  ],
  page: {
    what: 'libvirt does not know the guest, or knows only its running instance and no definition.',
    why: 'A lend is written into the definition (`attach-device --config`), so that it is there at each start. Transient guests have none. Guests of `qemu:///session` belong to a user and cannot have host devices.',
    cure: 'Look at `virsh -c qemu:///system list --all`. Define a transient guest from its XML first.',
  },
};
