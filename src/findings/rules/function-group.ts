import { addressShort } from '../../model/address.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';

const id = 'function-group';

export const functionGroup: Rule = {
  id,
  title: 'IOMMU group',
  about: 'function',
  verdict: 'impossible: no IOMMU group',
  needs: ['functions'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'blocker' }, (fn) => {
      const path = sysfsOf(fn.address, 'iommu_group');
      if (fn.group !== null) {
        return clear(id, fn.address, `in IOMMU group ${fn.group}`, [evidence(path, String(fn.group))]);
      }
      return found(id, fn.address, {
        severity: 'blocker',
        why: `${addressShort(fn.address)} is in no IOMMU group: nothing would keep its memory accesses inside the guest`,
        evidence: [evidence(path, 'absent')],
      });
    }),
  signatures: [
    /no iommu_group found/,
    /vfio-pci: probe of \S+ failed with error -22/,
    /probe with driver vfio-pci failed with error -22/,
  ],
  explainsAway: ['group-mates', 'group-reserved-regions'],
  page: {
    what: 'The function has no `iommu_group` link: it is behind no IOMMU that is in use.',
    why: 'vfio-pci refuses to bind (`failed with error -22`), and QEMU says `no iommu_group found`. Either the IOMMU is off for the whole host (iommu-on), or it does not cover this function: on some boards it serves only display and codec blocks, and on some only part of the slots.',
    cure: 'If iommu-on is found too, that is the cause. If other functions have groups, another slot may be covered. Otherwise this board cannot lend it.',
  },
};
