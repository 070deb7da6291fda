import type { Scenario } from './bench/scenario.ts';
import { agreements } from './scenarios/agreement.ts';
import { byHand } from './scenarios/by-hand.ts';
import { cardAlone, cardAloneAmd } from './scenarios/card-alone.ts';
import { cardMuted } from './scenarios/card-muted.ts';
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

/** Every suite with all its scenarios: it fails when it ran fewer. */
export const suites: Readonly<Record<string, readonly Scenario[]>> = {
  /** What every change must pass: one boot. */
  gate: [cardAlone, chipsetRefused, multifunctionRefused, cardMuted],
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
};
