import { addressShort } from '../../model/address.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { sysfsOf } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-present';

export const functionPresent: Rule = {
  id,
  title: 'function present',
  about: 'function',
  verdict: 'impossible: no such function',
  needs: ['functions'],
  predict: (model, question) =>
    question.functions.map((address) => {
      if (!model.snapshot.functions) return unknown(id, address, 'blocker', model, 'functions');
      const path = sysfsOf(address);
      if (model.functions.has(address))
        return clear(id, address, 'the function is there', [evidence(path, 'exists')]);
      return found(id, address, {
        severity: 'blocker',
        why: `there is no function ${addressShort(address)} on this host; after a card was added or moved, others may have new addresses`,
        evidence: [evidence(path, 'absent')],
        remedy: { text: 'look for it by name or id', command: 'vfioctl list', cost: null },
      });
    }),
  signatures: [
    /Device [0-9a-f:.]+ not found: could not access/,
    /Could not find matching device 'pci_\w+'/,
    /no node device with matching name 'pci_\w+'/,
  ],
  explainsAway: [
    'function-endpoint',
    'function-alive',
    'function-group',
    'group-mates',
    'group-reserved-regions',
    'function-reset',
    'function-driver',
    'function-class',
    'function-twins',
    'network-in-use',
    'virtual-functions-in-use',
    'storage-in-use',
    'display-in-use',
    'sound-in-use',
    'usb-in-use',
    'node-in-use',
  ],
  page: {
    what: 'No PCI function has this address.',
    why: 'libvirt identifies a lent function by its address alone and does not look for it when a guest is defined: a wrong address is only noticed at the start, `Device … not found: could not access …/config`. Bus numbers change when a card is added, removed or moved.',
    cure: 'Find the function by name or id (`vfioctl list audio`, `vfioctl list 8086:1c20`). A guest that holds the old address has to give it back and get the new one.',
  },
};
