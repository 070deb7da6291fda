import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import { type HostModel, hangingOn } from '../../model/model.ts';
import type { Finding } from '../finding.ts';
import { inUseFinding } from '../in-use.ts';
import { evidence, found, type Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { unknown } from '../unread.ts';
import { inputUses } from '../use/input.ts';

const id = 'usb-in-use';

export const usbInUse: Rule = {
  id,
  title: 'keyboard and USB',
  about: 'function',
  verdict: 'used by the host',
  needs: ['functions', 'input', 'usb'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => {
      const answer = inputUses(model, fn, question.functions);
      const busy = answer.state === 'unread' || answer.uses.some((use) => use.busy);
      if (!busy && !model.snapshot.usb && fn.class.startsWith('0c03'))
        return unknown(id, fn.address, 'guard', model, 'usb');
      return (
        (busy ? null : passengers(model, fn)) ??
        inUseFinding(id, model, fn, answer, {
          nothing: 'no keyboard, no pointer and no other USB device is below it',
          remedy: 'plug a keyboard or pointer into another controller, or have a way in over the network',
        })
      );
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The only keyboard or the only pointer of the host hangs below this function, by USB, I²C or Bluetooth. Other devices on a USB controller are named, since they go along.',
    why: 'A USB controller is lent with everything that is plugged into it. Without a keyboard nobody can type at the host’s console any more, not even the passphrase of its disk at the next boot; nor can anybody take the controller back without another way in. PS/2 keyboards are on no PCI function and stay; buttons of the case, lids and keyboards that programs make do not count.',
    cure: 'Plug the keyboard into another controller; what hangs below this one is named. A single USB device can be given to a guest without its controller, as a USB hostdev of libvirt. Disks, network adapters and sound cards on USB have guards of their own.',
  },
};

/** Everything that goes to the guest with the controller, to be said and not to be refused. */
function passengers(model: HostModel, fn: PciFunction): Finding | null {
  const devices = model.snapshot.usb ? hangingOn(model.snapshot.usb, fn.address) : [];
  if (devices.length === 0) return null;
  const words = devices.map(({ name, product }) => (product === null ? name : `${product} (${name})`));
  return found(id, fn.address, {
    severity: 'warning',
    why: `what is plugged into ${addressShort(fn.address)} goes along: ${words.join(', ')}`,
    evidence: devices.map(({ name }, at) => evidence(`/sys/bus/usb/devices/${name}`, words[at]!)),
  });
}
