import { inUseFinding } from '../in-use.ts';
import type { Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { carriesSession, networkUses } from '../use/network.ts';

const id = 'network-in-use';
const REMEDY = 'move what uses the interface, and take it down, before lending it';
/** Whoever loses the way in cannot type anything any more, so the machine must take it back by itself. */
const DEAD_MAN =
  'to lend it all the same, add --dead-man 60s: unless you confirm in time, the machine takes it back by itself';

export const networkInUse: Rule = {
  id,
  title: 'network in use',
  about: 'function',
  verdict: 'used by the host',
  needs: ['functions', 'network', 'storage', 'libvirt'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) =>
      inUseFinding(id, model, fn, networkUses(model, fn), {
        nothing: 'no network interface is below it',
        remedy: carriesSession(model, fn) ? `${REMEDY}; ${DEAD_MAN}` : REMEDY,
      }),
    ),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'A network interface of the host is on this function, and has its link up, belongs to a bridge, bond, team or virtual switch, is below a VLAN or macvlan, or carries something: the default route of either family, an SSH session, a file system or disk of another machine (NFS, CIFS, Ceph, iSCSI, NBD), a virtual network of libvirt, or the traffic of a running guest.',
    why: 'The interface disappears the moment that the driver lets go. On a machine that is reached over the network that is the end of the session, and often of the machine until somebody walks there; a file system of another machine hangs every process that touches it. Neither libvirt nor QEMU asks. Sessions are found by the sockets of the SSH servers, since sudo hides who is connected; the routing tables say which interface each of them takes.',
    cure: 'Move address, route and bridge to another interface, take this one down, and ask again. A virtual function of the card, or a macvtap or bridge interface for the guest, may do without lending. The interface over which the root file system comes, or another one that the host does not live on without, is never lent. Over SSH, `--dead-man 60s` takes everything back unless you confirm that you are still there.',
  },
};
