import { addressShort } from '../../model/address.ts';
import { functionLabel, functionWord } from '../function-word.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';

const id = 'function-endpoint';

export const functionEndpoint: Rule = {
  id,
  title: 'endpoint',
  about: 'function',
  verdict: 'impossible: bridge',
  needs: ['functions'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'blocker' }, (fn) => {
      const seen = evidence(sysfsOf(fn.address, 'class'), `0x${fn.class} (${functionWord(fn)})`);
      if (!fn.bridge) return clear(id, fn.address, 'an endpoint, which a guest can have', [seen]);
      const behind = model.endpoints.behind.get(fn.address) ?? [];
      return found(id, fn.address, {
        severity: 'blocker',
        why: `${addressShort(fn.address)} is a bridge: it only passes traffic on, and guests get the endpoints behind it`,
        evidence: [seen],
        remedy:
          behind.length === 0
            ? null
            : {
                text: `behind ${addressShort(fn.address)} are: ${behind.map(functionLabel).join(', ')}`,
                command: null,
                cost: null,
              },
      });
    }),
  signatures: [/Non-endpoint PCI devices cannot be assigned to guests/],
  explainsAway: ['function-class', 'function-group', 'function-reset', 'function-driver', 'function-twins'],
  page: {
    what: 'The function is a bridge (a PCIe root port, a switch port, a PCI bridge), not an endpoint.',
    why: 'Only endpoints (header type 0) are given to guests; libvirt says `Non-endpoint PCI devices cannot be assigned to guests` at the start. `virsh nodedev-detach` does not check: it detaches a root port when asked, says that all is well, and leaves the port without a driver, since vfio-pci takes no bridges. Bridges never make a group unviable, so they need not be lent with their endpoints.',
    cure: 'Choose the endpoint behind it.',
  },
};
