import type { PciFunction } from '../../facts/snapshot.ts';
import type { HostModel } from '../../model/model.ts';
import type { Evidence, Finding } from '../finding.ts';
import { inUseFinding } from '../in-use.ts';
import { evidence, found, type Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { nodeUses } from '../use/nodes.ts';

const id = 'node-in-use';

export const nodeInUse: Rule = {
  id,
  title: 'device node in use',
  about: 'function',
  verdict: 'used by the host',
  needs: ['functions', 'nodes', 'modules'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) => {
      const finding = inUseFinding(id, model, fn, nodeUses(model, fn), {
        nothing: 'nobody has a device node of it open',
        remedy: 'stop these programs: a driver with open users may never let go',
      });
      return withModule(finding, moduleReferences(model, fn));
    }),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'A process has a device node of this function open that belongs to no disk, display or sound card: `/dev/nvidia0`, `/dev/kfd`, `/dev/video0`, a serial port, a tape, a clock of a network card, `/dev/ipmi0`, a USB device that a program talks to by itself (a UPS, a smart card reader, a guest’s own), or vfio’s node in a QEMU that libvirt does not know. The kernel’s own serial console counts too. Modules that stand on the driver’s module are named beside it.',
    why: 'The program loses its device in the middle of its work. Worse, many drivers wait on unbind until the last user has closed, and libvirt waits with them: the process hangs in the kernel and cannot be killed, and only a reboot ends it. So holders are looked for before libvirt is asked to detach. NVIDIA’s driver says `Attempting to remove device … with non-zero usage count`.',
    cure: 'Stop the programs that are named, services such as nvidia-persistenced included. For a serial console, take `console=` out of the kernel command line.',
  },
};

/** `nvidia` under `nvidia_drm` and `nvidia_modeset`: what may keep the driver busy, and is no program. */
function moduleReferences(model: HostModel, fn: PciFunction): Evidence | null {
  const module = fn.driver?.replaceAll('-', '_') ?? '';
  const holders = model.snapshot.modules?.loaded[module]?.holders ?? [];
  if (holders.length === 0) return null;
  return evidence('/proc/modules', `its module ${module} is referenced by ${holders.join(', ')}`);
}

function withModule(finding: Finding, module: Evidence | null): Finding {
  if (module === null || finding.state === 'undecided') return finding;
  const why = `${finding.why}; ${module.text}`;
  if (finding.state === 'found') return { ...finding, why, evidence: [...finding.evidence, module] };
  return found(id, finding.subject, { severity: 'info', why, evidence: [module] });
}
