/** All rules in display order, and the findings of a question, each consequence right after its cause. */
import type { Need } from '../facts/snapshot.ts';
import type { HostModel } from '../model/model.ts';
import type { Finding } from './finding.ts';
import type { Question, Rule } from './rule.ts';
import { cpuVirtualization } from './rules/cpu-virtualization.ts';
import { displayInUse } from './rules/display-in-use.ts';
import { functionAlive } from './rules/function-alive.ts';
import { functionClass } from './rules/function-class.ts';
import { functionDriver } from './rules/function-driver.ts';
import { functionEndpoint } from './rules/function-endpoint.ts';
import { functionGroup } from './rules/function-group.ts';
import { functionLent } from './rules/function-lent.ts';
import { functionPresent } from './rules/function-present.ts';
import { functionReset } from './rules/function-reset.ts';
import { functionTwins } from './rules/function-twins.ts';
import { groupMatesRule } from './rules/group-mates.ts';
import { groupReservedRegions } from './rules/group-reserved-regions.ts';
import { guestAddress } from './rules/guest-address.ts';
import { guestAgent } from './rules/guest-agent.ts';
import { guestAutostart } from './rules/guest-autostart.ts';
import { guestDefined } from './rules/guest-defined.ts';
import { guestHostdevInUse } from './rules/guest-hostdev-in-use.ts';
import { guestHostdevPresent } from './rules/guest-hostdev-present.ts';
import { guestManagedSave } from './rules/guest-managed-save.ts';
import { guestMemory } from './rules/guest-memory.ts';
import { guestRunning } from './rules/guest-running.ts';
import { guestState } from './rules/guest-state.ts';
import { guestVirtualization } from './rules/guest-virtualization.ts';
import { interruptRemapping } from './rules/interrupt-remapping.ts';
import { iommuOn } from './rules/iommu-on.ts';
import { iommuTable } from './rules/iommu-table.ts';
import { kvmDevice } from './rules/kvm-device.ts';
import { libvirtReachable } from './rules/libvirt-reachable.ts';
import { networkInUse } from './rules/network-in-use.ts';
import { nodeInUse } from './rules/node-in-use.ts';
import { securityDenials } from './rules/security-denials.ts';
import { securityEnforcing } from './rules/security-enforcing.ts';
import { soundInUse } from './rules/sound-in-use.ts';
import { storageInUse } from './rules/storage-in-use.ts';
import { usbInUse } from './rules/usb-in-use.ts';
import { vfioModules } from './rules/vfio-modules.ts';
import { virtualFunctionsInUse } from './rules/virtual-functions-in-use.ts';

export const rules: readonly Rule[] = [
  cpuVirtualization,
  kvmDevice,
  iommuTable,
  iommuOn,
  interruptRemapping,
  vfioModules,
  libvirtReachable,
  securityEnforcing,
  securityDenials,
  functionPresent,
  functionEndpoint,
  functionAlive,
  functionGroup,
  groupMatesRule,
  groupReservedRegions,
  networkInUse,
  virtualFunctionsInUse,
  storageInUse,
  displayInUse,
  soundInUse,
  usbInUse,
  nodeInUse,
  functionClass,
  functionLent,
  functionDriver,
  functionReset,
  functionTwins,
  guestDefined,
  guestState,
  guestRunning,
  guestManagedSave,
  guestAutostart,
  guestHostdevPresent,
  guestHostdevInUse,
  guestAddress,
  guestMemory,
  guestVirtualization,
  guestAgent,
];

export function rulesFor(about: Rule['about']): Rule[] {
  return rules.filter((rule) => rule.about === about);
}

/** Everything that these rules want to have read, each once. */
export function needsOf(some: readonly Rule[]): Need[] {
  return [...new Set(some.flatMap((rule) => rule.needs))];
}

/**
 * Answers of all rules that the question concerns, in display order; what another finding explains comes right after
 * it and names its rule in `causedBy`.
 */
export function findingsOf(model: HostModel, question: Question): Finding[] {
  const all = rules.flatMap((rule) => rule.predict(model, question));
  const causes = all.filter((f) => f.state === 'found');
  const causeOf = new Map(all.map((f) => [f, causes.find((cause) => explains(cause, f))]));
  const withConsequences = (finding: Finding): Finding[] => [
    { ...finding, causedBy: causeOf.get(finding)?.rule ?? null },
    ...all.filter((f) => causeOf.get(f) === finding).flatMap(withConsequences),
  ];
  return all.filter((f) => causeOf.get(f) === undefined).flatMap(withConsequences);
}

/** A cause of the host reaches everything; a function's or guest's own only itself. What is clear needs no cause. */
function explains(cause: Finding, finding: Finding): boolean {
  if (finding.state === 'clear') return false;
  const rule = rules.find((r) => r.id === cause.rule);
  const reaches = rule?.about === 'host' || cause.subject === finding.subject;
  return reaches && (rule?.explainsAway.includes(finding.rule) ?? false);
}
