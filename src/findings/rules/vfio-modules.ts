import type { Finding } from '../finding.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'vfio-modules';
const CONTROL = '/dev/vfio/vfio';

export const vfioModules: Rule = {
  id,
  title: 'VFIO modules',
  about: 'host',
  needs: ['modules', 'vfio'],
  predict: (model) => {
    const { modules, vfio } = model.snapshot;
    if (!modules) return [unknown(id, 'host', 'blocker', model, 'modules')];
    if (!vfio) return [unknown(id, 'host', 'blocker', model, 'vfio')];
    const present = modules.vfioPci === 'loaded' || modules.vfioPci === 'built-in';
    if (modules.vfioPci === 'missing') {
      return [blocker('this kernel has no vfio-pci module', evidence('/lib/modules', 'no vfio-pci'), null)];
    }
    const forbidden = modules.blacklisted.filter((m) =>
      ['vfio', 'vfio_pci'].includes(m.replaceAll('-', '_')),
    );
    if (!present && forbidden.length > 0) {
      const why = `${forbidden.join(' and ')} is blacklisted, and libvirt loads modules with the blacklist in force`;
      const text = `take the blacklist line for ${forbidden.join(' and ')} out of modprobe's configuration`;
      const seen = evidence('/etc/modprobe.d', `blacklist ${forbidden.join(' ')}`);
      return [blocker(why, seen, { text, command: null, cost: null })];
    }
    if (!vfio.control) {
      const seen = evidence(CONTROL, 'absent');
      if (!present) {
        return [
          found(id, 'host', {
            severity: 'warning',
            why: '/dev/vfio/vfio is missing until vfio-pci is loaded, and libvirt looks for it before it tries anything',
            evidence: [seen],
            remedy: {
              text: 'load vfio-pci: that creates the node',
              command: 'modprobe vfio-pci',
              cost: null,
            },
          }),
        ];
      }
      return [
        blocker(
          'vfio-pci is there, but /dev/vfio/vfio is not: this /dev is not filled by the kernel',
          seen,
          null,
        ),
      ];
    }
    const how = modules.vfioPci === 'available' ? 'can be loaded' : `is ${modules.vfioPci}`;
    return [clear(id, 'host', `vfio-pci ${how}, and /dev/vfio/vfio is there`, [evidence(CONTROL, 'exists')])];
  },
  signatures: [
    /Failed to load PCI driver module \S+: administratively prohibited/,
    /VFIO device assignment is currently not supported on this system/,
    /host doesn't support passthrough of host PCI devices/,
    /Module vfio[-_]pci not found/,
    /Could not open '\/dev\/vfio\/vfio'/,
  ],
  explainsAway: [],
  page: {
    what: 'The module `vfio-pci` cannot be loaded, or the node `/dev/vfio/vfio` does not exist.',
    why: 'vfio-pci is the driver that hands a function to QEMU. libvirt checks `/dev/vfio/vfio` and the IOMMU groups before it does anything, and says the same two sentences for both. It loads the module by `modprobe -b`, which obeys blacklists.',
    cure: '`modprobe vfio-pci`, once; libvirt does it by itself afterwards. Take blacklist lines for it out of `/etc/modprobe.d`. Nothing has to be added to the initramfs for a function whose driver lets go of it at run time.',
  },
};

function blocker(why: string, seen: Finding['evidence'][number], remedy: Finding['remedy']): Finding {
  return found(id, 'host', { severity: 'blocker', why, evidence: [seen], remedy });
}
