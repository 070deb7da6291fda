import { inUseFinding } from '../in-use.ts';
import type { Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { networkUses } from '../use/network.ts';

const id = 'network-in-use';

export const networkInUse: Rule = {
  id,
  title: 'network in use',
  about: 'function',
  needs: ['functions', 'network'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) =>
      inUseFinding(id, model, fn, networkUses(model, fn), {
        nothing: 'no network interface is below it',
        remedy: 'move what uses the interface, and take it down, before lending it',
      }),
    ),
  signatures: [],
  explainsAway: ['function-class'],
  page: {
    what: 'A network interface of the host is on this function and has its link up, carries the default route, or belongs to a bridge, bond or other master.',
    why: 'The interface disappears the moment that the driver lets go. On a machine that is reached over the network that is the end of the session, and often of the machine until somebody walks there. Neither libvirt nor QEMU asks.',
    cure: 'Move address, route and bridge to another interface, take this one down, and ask again. A virtual function of the card, or a macvtap or bridge interface for the guest, may do without lending.',
  },
};
