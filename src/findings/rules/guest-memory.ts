import { type GuestModel, pinnedKiB } from '../../model/guest.ts';
import { clear, evidence, found, type Rule, undecided } from '../rule.ts';
import { guestSource, theGuest } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'guest-memory';

/** Share of the host's memory that should be left when the guest's is pinned, for the host and QEMU itself. */
const RESERVE = 0.05;

export const guestMemory: Rule = {
  id,
  title: 'guest memory',
  about: 'guest',
  needs: ['memory', 'libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'blocker' }, (guest) => {
      const memory = model.snapshot.memory;
      if (!memory) return unknown(id, guest.name, 'blocker', model, 'memory');
      if (onHugePages(guest)) {
        return undecided(
          id,
          guest.name,
          'blocker',
          'unknown (its memory comes from huge pages, whose pool is not read)',
        );
      }
      const pinned = pinnedKiB(guest);
      // Of a running guest a part that nobody knows is in use already: only the whole machine is a limit.
      const room = guest.active ? memory.totalKiB : memory.availableKiB;
      const seen = [
        evidence(guestSource(guest), `memory ${mebi(pinned)}`),
        evidence('/proc/meminfo', `${guest.active ? 'MemTotal' : 'MemAvailable'} ${mebi(room)}`),
      ];
      const all = `all ${mebi(pinned)} of the guest are pinned while it has a lent function`;
      if (pinned > room) {
        return found(id, guest.name, {
          severity: 'blocker',
          why: `${all}, and the host has ${mebi(room)} ${guest.active ? 'in all' : 'available'}`,
          evidence: seen,
          remedy: { text: 'give the guest less memory, or free some on the host', command: null, cost: null },
        });
      }
      if (guest.active)
        return clear(id, guest.name, `${all}; it runs, so part of it is in use already`, seen);
      if (room - pinned < memory.totalKiB * RESERVE) {
        const why = `${all}, which leaves the host ${mebi(room - pinned)}`;
        return found(id, guest.name, { severity: 'warning', why, evidence: seen });
      }
      return clear(id, guest.name, `${all}; the host has ${mebi(room)} available`, seen);
    }),
  signatures: [
    /VFIO_MAP_DMA failed: Cannot allocate memory/,
    /vfio_dma_map\([^)]*\) = -12/,
    /RLIMIT_MEMLOCK \(\d+\) exceeded/,
    /cannot limit locked memory of process/,
  ],
  explainsAway: [],
  page: {
    what: 'The guest has more memory than the host can spare.',
    why: 'A device may write anywhere in the guest at any time, so VFIO pins all of its memory at the start: no overcommit, no ballooning, no swapping, no page sharing. What is too much ends in `VFIO_MAP_DMA failed: Cannot allocate memory` at best, and in the host’s out-of-memory killer at worst. libvirt raises the limit on locked memory by itself; where it may not (a container, a hardened unit), it says `cannot limit locked memory of process`.',
    cure: 'Lower `<memory>` in the guest’s definition, stop other guests, or add memory. Guests on huge pages take theirs from a pool of its own, which must be large enough before the start.',
  },
};

function mebi(kib: number): string {
  return `${Math.round(kib / 1024)} MiB`;
}

/** `<memoryBacking><hugepages>`: the pool is reserved apart from what /proc/meminfo calls available. */
function onHugePages(guest: GuestModel): boolean {
  return /<hugepages\s*[/>]/.test(guest.fact.inactiveXml);
}
