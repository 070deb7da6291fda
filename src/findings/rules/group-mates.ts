import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import { groupMates, type HostModel } from '../../model/model.ts';
import type { Finding } from '../finding.ts';
import { functionLabel, isPassthroughDriver } from '../function-word.ts';
import { LOSS_NEEDS, lossOf } from '../loss.ts';
import { platformPart } from '../platform.ts';
import { clear, evidence, found, type Question, type Rule } from '../rule.ts';
import { eachFunction, guestWord, sysfsOf } from '../subject.ts';

const id = 'group-mates';

export const groupMatesRule: Rule = {
  id,
  title: 'group mates',
  about: 'function',
  needs: [...LOSS_NEEDS, 'libvirt'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'blocker' }, (fn) => {
      const mates = groupMates(model, fn.address);
      if (mates === null) return clear(id, fn.address, 'in no group, so it has no mates');
      const blocking = blockingMates(model, question, fn);
      if (blocking.length > 0) return blocked(model, question, fn, blocking);
      if (mates.length === 0) return clear(id, fn.address, `alone in group ${fn.group}`);
      return clear(
        id,
        fn.address,
        `no mate in group ${fn.group} stands in the way: ${mates.map(functionLabel).join(', ')}`,
      );
    }),
  signatures: [
    /group \d+ is not viable/,
    /Please ensure all devices within the iommu_group are bound to their vfio bus driver/,
  ],
  explainsAway: [],
  page: {
    what: 'Another endpoint of the function’s IOMMU group is on a host driver and is not lent along.',
    why: 'Members of a group can reach each other past the IOMMU, so the kernel gives a group to a guest as a whole: QEMU stops with `group N is not viable`, and does not say who is in the way. A mate is in the way when a host driver has it. A mate without a driver, on vfio-pci or on pci-stub is not, and bridges never are. libvirt compares mates only with other guests, not with what the host does.',
    cure: 'Lend the mates along (`--with-group`) if the host can do without them; what it would lose is named. Or put the card into another slot: groups follow the slots. The ACS override patch only pretends that a group is split; what shares the group can still be reached.',
  },
};

/** Mates that make the group unviable: endpoints on a host driver that are not lent along, and not the guest's already. */
export function blockingMates(model: HostModel, question: Question, fn: PciFunction): PciFunction[] {
  const guest = model.guests.find((g) => g.uuid === question.guest);
  const along = new Set([...question.functions, ...(guest?.hostdevs.map((h) => h.source) ?? [])]);
  return (groupMates(model, fn.address) ?? []).filter(
    (mate) => mate.driver !== null && !isPassthroughDriver(mate.driver) && !along.has(mate.address),
  );
}

/**
 * Mates that `--with-group` takes along. A part of the machine that no driver has keeps nobody from the group, and stays:
 * the root ports of many AMD boards share theirs with a host bridge.
 */
export function matesAlong(model: HostModel, address: string): PciFunction[] {
  return (groupMates(model, address) ?? []).filter(
    (mate) => mate.driver !== null || platformPart(mate) === null,
  );
}

function blocked(
  model: HostModel,
  question: Question,
  fn: PciFunction,
  blocking: readonly PciFunction[],
): Finding {
  const mates = blocking.map((mate) => lossOf(model, mate));
  const free = blocking.every((mate, i) => !mates[i]!.busy && platformPart(mate) === null);
  const guest = model.guests.find((g) => g.uuid === question.guest);
  return found(id, fn.address, {
    severity: 'blocker',
    why: `${addressShort(fn.address)} cannot go alone: group ${fn.group} is held by the host through ${blocking.map(functionLabel).join(', ')}: the guest will not start ("group ${fn.group} is not viable")`,
    evidence: mates.map((m, i) => evidence(sysfsOf(blocking[i]!.address, 'driver'), m.text)),
    remedy: free
      ? {
          text: `lend ${blocking.length === 1 ? 'it' : 'them'} along, or put the card into another slot`,
          command: guest
            ? `vfioctl assign ${addressShort(fn.address)} ${guestWord(guest)} --with-group`
            : null,
          cost: `the host is without ${blocking.map(functionLabel).join(', ')} meanwhile`,
        }
      : {
          text: 'put the card into another slot, or lend another card: the host needs what shares this group',
          command: null,
          cost: null,
        },
  });
}
