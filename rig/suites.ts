import type { Scenario } from './bench/scenario.ts';
import { agreements } from './scenarios/agreement.ts';
import { byHand } from './scenarios/by-hand.ts';
import { cardAlone, cardAloneAmd } from './scenarios/card-alone.ts';
import { cardMuted } from './scenarios/card-muted.ts';
import { powerCuts } from './scenarios/crash-cut.ts';
import { kills } from './scenarios/crash-kill.ts';
import { toolKills } from './scenarios/crash-tool.ts';
import { controlUnsynced, cutRunUnsynced } from './scenarios/crash-unsynced.ts';
import { guestRunning } from './scenarios/guest-running.ts';
import { guestNamedNumber, guestWithoutAgent } from './scenarios/guest-without-agent.ts';
import { hostSeen } from './scenarios/host-seen.ts';
import { lendByVirsh } from './scenarios/lend-by-virsh.ts';
import {
  multifunctionBySlot,
  multifunctionRefused,
  multifunctionWithGroup,
} from './scenarios/multifunction.ts';
import {
  bridgeRefused,
  chipsetRefused,
  chipsetWithGroupRefused,
  functionAbsent,
  iommuAbsentRefused,
  lentElsewhereRefused,
  remappingOffRefused,
} from './scenarios/refusals.ts';
import { undoWhole } from './scenarios/undo-whole.ts';

function named(scenarios: readonly Scenario[], name: string): Scenario {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario;
}

/** Every suite with all its scenarios: it fails when it ran fewer. */
export const suites: Readonly<Record<string, readonly Scenario[]>> = {
  /** What every change must pass: few boots. */
  gate: [
    cardAlone,
    cardMuted,
    named(powerCuts, 'cut-assign-hostdev-written'),
    named(kills, 'kill-assign-hostdev-noted'),
    chipsetRefused,
    multifunctionRefused,
  ],
  /** The sound card, end to end. */
  sound: [
    byHand,
    hostSeen,
    cardAlone,
    cardMuted,
    chipsetRefused,
    chipsetWithGroupRefused,
    multifunctionRefused,
    multifunctionWithGroup,
    multifunctionBySlot,
    bridgeRefused,
    functionAbsent,
    lentElsewhereRefused,
    guestWithoutAgent,
    guestNamedNumber,
    guestRunning,
    lendByVirsh,
    undoWhole,
    remappingOffRefused,
    iommuAbsentRefused,
    cardAloneAmd,
    ...agreements,
  ],
  /** Cut off at every step: by SIGKILL and by power cuts. */
  crash: [...kills, ...toolKills, ...powerCuts, cutRunUnsynced, controlUnsynced],
};
