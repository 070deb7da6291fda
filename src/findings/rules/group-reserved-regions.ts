import { addressShort } from '../../model/address.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { gapBeside, unknown } from '../unread.ts';

const id = 'group-reserved-regions';

export const groupReservedRegions: Rule = {
  id,
  title: 'reserved regions',
  about: 'function',
  verdict: 'impossible: firmware keeps memory for it',
  needs: ['functions', 'groups'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'blocker' }, (fn) => {
      if (fn.group === null) return clear(id, fn.address, 'in no group, so no region is reserved for it');
      const group = model.groups.get(fn.group);
      if (!group) return unknown(id, fn.address, 'blocker', model, 'groups', String(fn.group));
      const path = `/sys/kernel/iommu_groups/${fn.group}/reserved_regions`;
      const direct = group.reservedRegions.filter((r) => r.type === 'direct');
      if (direct.length === 0 && gapBeside(model, 'groups.reservedRegions', String(fn.group))) {
        return unknown(id, fn.address, 'blocker', model, 'groups.reservedRegions', String(fn.group));
      }
      if (direct.length === 0) return clear(id, fn.address, 'the firmware keeps no memory for it');
      return found(id, fn.address, {
        severity: 'blocker',
        why: `the firmware demands a fixed 1:1 mapping of memory for the group of ${addressShort(fn.address)}, and the kernel refuses to give such a group away`,
        evidence: direct.map((r) => evidence(path, `${r.start} ${r.end} ${r.type}`)),
        remedy: {
          text: "look in the firmware setup for what shares memory with this slot (servers: the management controller's shared memory; AMD boards: pre-boot DMA protection), or use another slot",
          command: null,
          cost: 'a reboot',
        },
      });
    }),
  signatures: [
    /Firmware has requested this device have a 1:1 IOMMU mapping/,
    /ineligible for IOMMU domain attach due to platform RMRR requirement/,
  ],
  explainsAway: [],
  page: {
    what: 'A region of type `direct` stands in the group’s `reserved_regions`.',
    why: 'The firmware (RMRR in Intel’s DMAR table, a unity range in AMD’s IVRS) says that the device must reach a piece of memory at its own physical address at all times. A guest’s address space cannot promise that, so the kernel refuses: `Firmware has requested this device have a 1:1 IOMMU mapping`, in older kernels `ineligible for IOMMU domain attach due to platform RMRR requirement`. QEMU shows it as `Invalid argument` or `Operation not permitted`, which is no matter of rights. The kernel’s ABI text calls `direct-relaxable` safe for assignment, and `msi` is the normal interrupt window.',
    cure: 'Only the firmware can drop the demand: on some servers a setting for the slot’s shared memory, on some AMD boards pre-boot DMA protection. Another slot may not have it. allow_unsafe_interrupts does nothing here; kernels patched to ignore the demand risk the memory that the firmware uses.',
  },
};
