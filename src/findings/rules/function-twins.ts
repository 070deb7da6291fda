import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import type { HostModel } from '../../model/model.ts';
import type { Finding } from '../finding.ts';
import { claimMatches, claimsOf, type IdClaim } from '../id-claim.ts';
import { LOSS_NEEDS, lossOf } from '../loss.ts';
import { loseWords } from '../refusal.ts';
import { clear, evidence, found, type Question, type Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-twins';

export const functionTwins: Rule = {
  id,
  title: 'twins',
  about: 'function',
  needs: [...LOSS_NEEDS, 'kernel', 'modules', 'libvirt'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => {
      const claims = claimsOf(model.snapshot).filter((claim) => claimMatches(claim, fn));
      for (const claim of claims) {
        const twins = unwantedTwins(model, question, fn, claim);
        if (twins.length > 0) return twinsFinding(model, fn, claim, twins);
      }
      if (!model.snapshot.kernel) return unknown(id, fn.address, 'guard', model, 'kernel');
      if (!model.snapshot.modules?.options) return unknown(id, fn.address, 'guard', model, 'modules.options');
      const claim = claims[0];
      if (!claim) return clear(id, fn.address, 'nothing claims functions by its vendor and device id');
      const seen = [evidence(claim.source, claim.text)];
      return clear(id, fn.address, `${claim.ids} claims no function that is not lent`, seen);
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The function is claimed for vfio-pci or pci-stub by its vendor and device id, and another function that is not lent has the same id.',
    why: '`vfio-pci.ids=` and `options vfio-pci ids=` match a kind of device, not one device: of two equal graphics cards, network ports or NVMe disks both are taken, at the latest when the module is loaded at the next boot. Subsystem ids seldom help, since twins come from one maker. When the twin holds the host’s disk or link, the host does not come up again. vfioctl never needs such a line: it names functions by address, through `driver_override`, which libvirt sets at the start of the guest.',
    cure: 'Take the id out of the kernel command line or the file in modprobe.d, and make the initramfs anew if the file is copied into it. Or lend the twin too. The words that override this name the twin that the host goes without.',
  },
};

/** Others that the claim takes as well, and that no guest has or is about to get. */
function unwantedTwins(model: HostModel, question: Question, fn: PciFunction, claim: IdClaim): PciFunction[] {
  const wanted = new Set([...question.functions, ...model.lends.map((lend) => lend.address)]);
  return [...model.functions.values()].filter(
    // vfio-pci takes nothing with the header of a bridge.
    (other) => other !== fn && !other.bridge && !wanted.has(other.address) && claimMatches(claim, other),
  );
}

function twinsFinding(
  model: HostModel,
  fn: PciFunction,
  claim: IdClaim,
  twins: readonly PciFunction[],
): Finding {
  const names = twins.map((twin) => addressShort(twin.address));
  return found(id, fn.address, {
    severity: 'guard',
    why: `${claim.ids} claims ${addressShort(fn.address)} by its id, and takes ${names.join(', ')} from the host as well`,
    evidence: [
      evidence(claim.source, claim.text),
      ...twins.map((twin) => evidence(`/sys/bus/pci/devices/${twin.address}`, lossOf(model, twin).text)),
    ],
    remedy: {
      text: `take the id out of ${claim.source === '/proc/cmdline' ? 'the kernel command line' : claim.source}: a function is lent by its address, and needs no id`,
      command: null,
      cost: 'a reboot',
    },
    accept: loseWords(names),
  });
}
