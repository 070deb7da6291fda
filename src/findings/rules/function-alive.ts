import { factOf } from '../../facts/gap.ts';
import { addressShort } from '../../model/address.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-alive';

export const functionAlive: Rule = {
  id,
  title: 'function answers',
  about: 'function',
  verdict: 'impossible: does not answer',
  needs: ['functions', 'config'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'blocker' }, (fn) => {
      const config = factOf(model.snapshot, 'functions.capabilities', fn.address, fn.capabilities);
      if (config.state !== 'read') {
        return unknown(id, fn.address, 'blocker', model, 'functions.capabilities', fn.address);
      }
      const path = sysfsOf(fn.address, 'config');
      if (!config.value.allOnes) return clear(id, fn.address, 'its configuration space answers');
      return found(id, fn.address, {
        severity: 'blocker',
        why: `${addressShort(fn.address)} does not answer: its configuration space reads as nothing but ones`,
        evidence: [evidence(path, 'ff ff ff ff …')],
        remedy: {
          text: 'power the machine off, not only reboot it, and on again; if it comes back and dies after each guest, it cannot be reset',
          command: null,
          cost: 'the host is down meanwhile',
        },
      });
    }),
  signatures: [
    /Unknown PCI header type '?127'?/,
    /Unable to change power state from D3cold to D0, device inaccessible/,
    /Unable to power on device, stuck in D3/,
    /not ready \d+ms after/,
    /pci_irq_handler: Assertion/,
  ],
  explainsAway: ['function-reset'],
  page: {
    what: 'Reading the function’s configuration space gives only ones.',
    why: 'That is what the bus answers when nobody is there: the device hangs after a failed reset, is stuck in a low power state, or is unplugged. QEMU reads header type 127 (`Unknown PCI header type`) or asserts in `pci_irq_handler`. vfioctl reads the space only of functions that are awake, since reading wakes them.',
    cure: 'Cut the power; a warm reboot often does not reach the device. If it dies each time that a guest stops, look at function-reset. If it dies while idle, keep it from D3cold (`d3cold_allowed`).',
  },
};
