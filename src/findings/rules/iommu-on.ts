import type { HostModel } from '../../model/model.ts';
import type { Evidence, Finding } from '../finding.ts';
import { type IommuState, iommuState, kernelArgumentCommand } from '../iommu.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'iommu-on';
const GROUPS = '/sys/kernel/iommu_groups';

export const iommuOn: Rule = {
  id,
  title: 'IOMMU on',
  about: 'host',
  needs: ['iommu', 'kernel'],
  predict: (model) => {
    const iommu = iommuState(model);
    if (iommu.state === 'unread') return [unknown(id, 'host', 'blocker', model, iommu.fact)];
    if (iommu.state === 'on') {
      const text =
        iommu.groups === 1 ? '1 group holds PCI functions' : `${iommu.groups} groups hold PCI functions`;
      return [clear(id, 'host', `IOMMU is on: ${text}`, [evidence(GROUPS, text)])];
    }
    const seen = [evidence(GROUPS, 'no group holds a PCI function'), ...misleadingLog(model)];
    if (iommu.state === 'off-in-kernel') return [offInKernel(model, iommu, seen)];
    const why =
      iommu.state === 'off-in-firmware'
        ? 'IOMMU is off: the firmware describes none'
        : 'no IOMMU covers PCI here: no group holds a PCI function, and no kernel argument changes that';
    return [found(id, 'host', { severity: 'blocker', why, evidence: seen })];
  },
  signatures: [
    /VFIO device assignment is currently not supported on this system/,
    /host doesn't support passthrough of host PCI devices/,
    /PCI backend driver '\w+' is not supported/i,
    /IOMMU appears to be disabled in kernel/,
    /DMAR: IOMMU disabled/,
  ],
  explainsAway: ['interrupt-remapping', 'function-group', 'group-mates', 'group-reserved-regions'],
  page: {
    what: 'No IOMMU group holds a PCI function, so the IOMMU is not in use for PCI.',
    why: 'Without it a device that a guest drives could read and write all memory of the host, so VFIO refuses: `VFIO device assignment is currently not supported on this system`. The groups are the proof. The log line `DMAR: IOMMU enabled` is not: the kernel prints it for the argument, on machines without an IOMMU too. Groups of platform devices alone (as on a Raspberry Pi 5) do not count either.',
    cure: 'It depends on who turned it off. Firmware without a DMAR, IVRS or IORT table: see iommu-table. Intel under a kernel built without `CONFIG_INTEL_IOMMU_DEFAULT_ON` (Fedora, RHEL, Arch, openSUSE): add `intel_iommu=on`. Debian’s kernels use the variant that leaves only the integrated GPU out, Ubuntu’s are on, and AMD’s IOMMU is on by itself: none of them needs an argument, and `amd_iommu=on` does not exist. `intel_iommu=off`, `amd_iommu=off` or `iommu=off` on the command line: take it away. `iommu=pt` neither helps nor hurts.',
  },
};

function offInKernel(
  model: HostModel,
  iommu: Extract<IommuState, { state: 'off-in-kernel' }>,
  seen: readonly Evidence[],
): Finding {
  const commandLine = model.snapshot.kernel?.commandLine ?? '';
  const remove = iommu.remove.join(' ');
  const add = iommu.add.join(' ');
  const why = {
    argument: `IOMMU is off: the kernel was told ${remove}`,
    default: `IOMMU is off: this kernel leaves it off unless told ${add}`,
    'not-built': 'IOMMU is off: this kernel was built without support for it',
    unexplained:
      'IOMMU is off although the firmware describes one and nothing on the command line forbids it',
  }[iommu.cause];
  const change = [
    ...(remove === '' ? [] : [`take ${remove} away from the kernel command line`]),
    ...(add === '' ? [] : [`add ${add} to the kernel command line`]),
  ];
  return found(id, 'host', {
    severity: 'blocker',
    certainty: iommu.certain ? 'certain' : iommu.cause === 'unexplained' ? 'possible' : 'likely',
    why,
    evidence: [...seen, evidence('/proc/cmdline', commandLine.trim())],
    remedy:
      change.length === 0
        ? null
        : {
            text: change.join(', and '),
            command: kernelArgumentCommand(model, iommu.add, iommu.remove),
            cost: 'a reboot',
          },
    asks: iommu.cause === 'unexplained' ? ["the kernel log's lines about DMAR, AMD-Vi and IOMMU"] : [],
  });
}

/** The line that makes people believe that it is on. */
function misleadingLog(model: HostModel): Evidence[] {
  const log = model.snapshot.log;
  const index = log?.lines.findIndex((line) => line.includes('DMAR: IOMMU enabled')) ?? -1;
  const line = log?.lines[index];
  if (!log || line === undefined) return [];
  return [evidence(log.source, `${line.trim()} (says only that the argument was read)`, index + 1)];
}
