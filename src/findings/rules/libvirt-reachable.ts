import { libvirtHint } from '../../host/libvirt/virsh.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { gapOf, needsRoot, unknown } from '../unread.ts';

const id = 'libvirt-reachable';

export const libvirtReachable: Rule = {
  id,
  title: 'libvirt',
  about: 'host',
  needs: ['libvirt'],
  predict: (model) => {
    const libvirt = model.snapshot.libvirt;
    if (libvirt) {
      const version = libvirt.version === null ? 'libvirt' : `libvirt ${libvirt.version}`;
      return [clear(id, 'host', `${version} answers at ${libvirt.uri}`, [evidence(libvirt.uri, version)])];
    }
    const gap = gapOf(model, 'libvirt');
    if (gap.state === 'not-asked' || needsRoot(model, gap)) {
      return [unknown(id, 'host', 'blocker', model, 'libvirt')];
    }
    return [
      found(id, 'host', {
        severity: 'blocker',
        why: 'libvirt does not answer: guests can neither be seen nor changed',
        evidence: [evidence(gap.path ?? 'qemu:///system', gap.why)],
        remedy: { text: libvirtHint(gap.why), command: null, cost: null },
      }),
    ];
  },
  signatures: [
    /failed to connect to the hypervisor/,
    /Failed to connect socket to '[^']*libvirt[^']*'/,
    /authentication unavailable: no polkit agent/,
  ],
  explainsAway: [
    'function-lent',
    'guest-defined',
    'guest-state',
    'guest-managed-save',
    'guest-memory',
    'guest-virtualization',
    'guest-address',
    'guest-hostdev-present',
    'guest-agent',
    'guest-running',
    'guest-autostart',
  ],
  page: {
    what: 'libvirt’s system daemon does not answer at `qemu:///system`.',
    why: 'Guests, their definitions and who has which function are known to libvirt alone. The session daemon (`qemu:///session`) is another one and cannot lend host devices.',
    cure: 'Start `libvirtd`, or `virtqemud` where the modular daemons are used, and look at its unit’s log. When it refuses a user, run as root or join the `libvirt` group.',
  },
};
