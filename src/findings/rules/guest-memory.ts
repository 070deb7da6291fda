import { type GuestModel, pinnedKiB } from '../../model/guest.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestSource, theGuest } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'guest-memory';

/** Share of the host's memory that must be left when the guest's is pinned: for the host itself and for QEMU. */
const RESERVE = 0.05;

export const guestMemory: Rule = {
  id,
  title: 'guest memory',
  about: 'guest',
  needs: ['memory', 'libvirt'],
  predict: (model, question) =>
    theGuest(model, question, { id, severity: 'guard' }, (guest) => {
      const pinned = pinnedKiB(guest);
      const memory = model.snapshot.memory;
      if (!memory) return unknown(id, guest.name, 'guard', model, 'memory');
      const all = `all ${mebi(pinned)} of the guest are pinned while it has a lent function`;
      const asked = evidence(guestSource(guest), `memory ${mebi(pinned)}`);
      if (onHugePages(guest)) {
        return clear(id, guest.name, `${all}, and come from huge pages, which are set aside already`, [
          asked,
        ]);
      }
      const total = evidence('/proc/meminfo', `MemTotal ${mebi(memory.totalKiB)}`);
      const available = evidence('/proc/meminfo', `MemAvailable ${mebi(memory.availableKiB)}`);
      if (pinned > memory.totalKiB) {
        return found(id, guest.name, {
          severity: 'blocker',
          why: `${all}, and the host has ${mebi(memory.totalKiB)} in all`,
          evidence: [asked, total],
          remedy: { text: 'give the guest less memory', command: null, cost: null },
        });
      }
      // What a running guest has already is not available any more, and nobody knows how much of its own it has.
      if (guest.active) {
        return clear(id, guest.name, `${all}; it runs, so it has part of them already`, [asked, total]);
      }
      const left = memory.availableKiB - pinned;
      if (left < memory.totalKiB * RESERVE) {
        const rest =
          left < 0 ? `${mebi(-left)} more than are available` : `which leaves the host ${mebi(left)}`;
        return found(id, guest.name, {
          severity: 'guard',
          why: `${all}, ${rest}: the host would have to swap, or to kill what it needs`,
          evidence: [asked, available],
          remedy: { text: 'give the guest less memory, or free some on the host', command: null, cost: null },
          accept: `pin ${mebi(pinned)}`,
        });
      }
      return clear(id, guest.name, `${all}; the host has ${mebi(memory.availableKiB)} available`, [
        asked,
        available,
      ]);
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
    why: 'A device may write anywhere in the guest at any time, so VFIO pins all of its memory at the start: no overcommit, no swapping, no page sharing, and a balloon gives nothing back: what counts is `<memory>`, not `<currentMemory>`. What is too much ends in `VFIO_MAP_DMA failed: Cannot allocate memory` at best, and in the host’s out-of-memory killer at worst. libvirt raises the limit on locked memory by itself; where it may not (a container, a hardened unit), it says `cannot limit locked memory of process`.',
    cure: 'Lower `<memory>` in the guest’s definition, stop other guests, or add memory. What running guests have pinned is not available any more, and counted so; a twentieth of the host’s memory is to stay free. More than the host has in all cannot work; more than is available now may, if other things can be swapped out, for whoever types how much is pinned. Guests on huge pages take theirs from a pool of its own, which must be large enough before the start.',
  },
};

function mebi(kib: number): string {
  return `${Math.round(kib / 1024)} MiB`;
}

/** `<memoryBacking><hugepages>`: the pool is reserved apart from what /proc/meminfo calls available. */
function onHugePages(guest: GuestModel): boolean {
  return /<hugepages\s*[/>]/.test(guest.fact.inactiveXml);
}
