import { addressShort } from '../../model/address.ts';
import { loseWords } from '../refusal.ts';
import { clear, found, type Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { unknown } from '../unread.ts';
import { storageUses } from '../use/storage.ts';

const id = 'storage-in-use';

export const storageInUse: Rule = {
  id,
  title: 'storage in use',
  about: 'function',
  verdict: 'used by the host',
  needs: ['functions', 'storage', 'libvirt'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => {
      const answer = storageUses(model, fn);
      if (answer.state === 'unread') return unknown(id, fn.address, 'guard', model, answer.fact, answer.of);
      const { uses, missing } = answer;
      const busy = uses.filter((use) => use.busy);
      const seen = (busy.length > 0 ? busy : uses).map((use) => use.evidence);
      const texts = seen.map((e) => e.text).join('; ');
      if (busy.length === 0) return clear(id, fn.address, texts || 'no disk is below it', seen);
      const losses = busy.flatMap((use) => use.losses);
      // Nobody can agree to lose what was not read.
      const fixed = missing !== null || busy.some((use) => use.vital);
      const rest = missing ? `; more may be on it (unread: ${missing.fact}: ${missing.why})` : '';
      return found(id, fn.address, {
        severity: 'guard',
        why: `the host uses ${addressShort(fn.address)}: ${texts}${rest}`,
        evidence: seen,
        remedy: {
          text: 'unmount what is on these disks, take it out of /etc/fstab, and turn swap and volumes off, before lending the controller',
          command: null,
          cost: null,
        },
        accept: fixed ? null : loseWords(losses.map((loss) => loss.word)),
      });
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The host keeps something on a disk behind this function: a mounted file system or one that /etc/fstab names, swap or the hibernation image, the partition that the firmware boots from, crash dumps, a member of a volume or pool (LVM, dm-crypt, multipath, md, bcache, ZFS, btrfs), or the disk of a guest. A disk that a process has open by itself counts too, and so does a directory that a machine around this one shares by 9p or virtiofs.',
    why: 'When the driver lets go, the disk is gone: the root file system turns read-only, and with the guest on autostart the host dies again at every boot. The controller under `/`, `/boot`, `/usr`, `/var`, `/home`, the EFI system partition or swap in use is never lent, also not as a mate of another function. A guest whose own disk lies behind the controller that it gets cannot start. The EFI system partition of another system, as it is on a disk that was bought for a guest, does not count where the firmware says from which partition the host came.',
    cure: 'Unmount it, close the volume, or lend another controller. Other disks are lent to whoever types what is lost. Giving the guest the disk as a virtio disk instead needs no controller at all.',
  },
};
