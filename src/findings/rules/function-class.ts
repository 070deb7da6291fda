import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import type { HostModel } from '../../model/model.ts';
import type { Finding } from '../finding.ts';
import { functionLabel, functionWord } from '../function-word.ts';
import { cryptoModule, platformPart } from '../platform.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-class';

export const functionClass: Rule = {
  id,
  title: 'class',
  about: 'function',
  verdict: 'used by the host: part of the machine itself',
  needs: ['functions', 'modules'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => {
      const seen = [
        evidence(sysfsOf(fn.address, 'class'), `0x${fn.class} (${functionWord(fn)})`),
        ...(fn.driver === null ? [] : [evidence(sysfsOf(fn.address, 'driver'), fn.driver)]),
      ];
      const part = platformPart(fn);
      if (part === null) return cryptoFinding(model, fn, seen);
      return found(id, fn.address, {
        severity: 'guard',
        why: `${functionLabel(fn)} is a part of the machine itself: ${part.loss}`,
        evidence: seen,
        accept: part.never ? null : `lose ${addressShort(fn.address)}`,
      });
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The function is a part of the machine itself, not a device that a guest could do something with.',
    why: 'Host bridges, ISA and LPC bridges, memory controllers, timers, the IOMMU, SMBus, the management controller and the management engine, thermal and telemetry functions and the security processor look like endpoints, and libvirt hands each of them over when it is asked to. The host then loses its sensors and fans, its clock, its remote management, or stops at once. Most often nobody wants them: they share a group with what is wanted, and the message of QEMU (`ensure all devices within the iommu_group are bound to their vfio bus driver`) reads as if they had to be given away. Crypto engines count while the kernel encrypts with them: the reference count of their module says so.',
    cure: 'Lend another function, or put the card into another slot, so that it shares its group with nothing of the machine. Host, ISA and LPC bridges, interrupt controllers, the IOMMU, the controller of the firmware’s flash and memory in use are never lent; the rest is lent to whoever types what is lost.',
  },
};

/** A crypto engine is like any device until somebody encrypts with it. */
function cryptoFinding(model: HostModel, fn: PciFunction, seen: Finding['evidence']): Finding {
  const name = cryptoModule(fn);
  if (name === null)
    return clear(id, fn.address, `${functionLabel(fn)} is no part of the machine itself`, seen);
  if (!model.snapshot.modules) return unknown(id, fn.address, 'guard', model, 'modules');
  const module = model.snapshot.modules.loaded[name];
  // Each module that stands on it holds one reference; the rest are users of its algorithms.
  const users = module === undefined ? 0 : module.references - module.holders.length;
  if (users <= 0)
    return clear(id, fn.address, `nobody encrypts or compresses with ${functionLabel(fn)}`, seen);
  return found(id, fn.address, {
    severity: 'guard',
    why: `the host encrypts or compresses with ${functionLabel(fn)}: ${name} has ${users} ${users === 1 ? 'user' : 'users'}`,
    evidence: [...seen, evidence('/proc/modules', `${name} has ${users} references besides its own modules`)],
    remedy: {
      text: 'stop what uses it (disk encryption, IPsec, TLS in the kernel), or unload its algorithms first',
      command: null,
      cost: null,
    },
    accept: `lose ${addressShort(fn.address)}`,
  });
}
