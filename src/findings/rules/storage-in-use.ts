import { addressShort } from '../../model/address.ts';
import { inUseFinding } from '../in-use.ts';
import { found, type Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { storageUses } from '../use/storage.ts';

const id = 'storage-in-use';

/** Mounts without which the host does not live on. */
const VITAL = ['/', '/boot', '/boot/efi', '/efi', '/usr', '/var', '/etc', '/home', '/nix', '/sysroot'];

export const storageInUse: Rule = {
  id,
  title: 'storage in use',
  about: 'function',
  needs: ['functions', 'storage'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => {
      const answer = storageUses(model, fn);
      if (answer.state === 'read' && answer.uses.length > 0 && answer.uses.every((u) => !u.busy)) {
        const disks = answer.uses.map((u) => u.evidence);
        return found(id, fn.address, {
          severity: 'warning',
          certainty: 'possible',
          why: `disks go with ${addressShort(fn.address)}: ${disks.map((e) => e.text).join('; ')}; a pool that is not active now (LVM, md, ZFS) does not show`,
          evidence: disks,
        });
      }
      const vital = new Set(
        (model.snapshot.storage ?? [])
          .filter((s) => s.swap || s.mounts.some((m) => VITAL.includes(m)))
          .map((s) => s.name),
      );
      return inUseFinding(id, model, fn, answer, {
        nothing: 'no disk is below it',
        remedy: 'unmount what is on these disks, and turn swap off, before lending the controller',
        never: (name) => vital.has(name),
      });
    }),
  signatures: [],
  explainsAway: ['function-class'],
  page: {
    what: 'A disk behind this function holds a mounted file system or swap.',
    why: 'When the driver lets go, the disk is gone: the root file system turns read-only, and with the guest on autostart the host dies again at every boot. The controller under `/`, `/boot`, `/var`, `/home` or swap is never lent, also not as a mate of another function.',
    cure: 'Unmount it, or lend another controller. Giving the guest the disk as a virtio disk instead needs no controller at all.',
  },
};
