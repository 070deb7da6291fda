import { type BoardGuest, boardFunctionAt } from './board.ts';
import type { GuestState, SimulatedState } from './state.ts';

/** From power-on until drivers are bound, and until the agent answers, in virtual milliseconds. */
const DRIVERS_MS = 2_500;
const AGENT_MS = 4_000;
/** What is plugged into a running guest is probed a moment later. */
const PLUG_MS = 500;

/** A codec's probe raises about fifty interrupts, playback ten a second (both as counted on emulated cards). */
const PROBE_INTERRUPTS = 53;
const PLAYBACK_INTERRUPTS_PER_S = 10;

const SILENT: Omit<BoardGuest, 'uuid' | 'xml'> = {
  agent: null,
  autostart: false,
  withoutDrivers: [],
  muted: false,
  plays: false,
};

/** What a guest does inside; one that was defined later has no agent and does nothing. */
export function guestNature(state: SimulatedState, guest: GuestState): Omit<BoardGuest, 'uuid' | 'xml'> {
  return state.board.guests.find((g) => g.uuid === guest.uuid) ?? SILENT;
}

/** Its agent has started, and it hears the power button. */
export function guestBooted(state: SimulatedState, guest: GuestState): boolean {
  return guest.live !== null && state.clock >= guest.live.startedAt + AGENT_MS;
}

export function guestAgentAnswers(state: SimulatedState, guest: GuestState): boolean {
  return guestBooted(state, guest) && guestNature(state, guest).agent !== null;
}

/** When the guest's driver has probed a function that was lent to it. */
function probedAt(guest: GuestState, address: string): number {
  const live = guest.live;
  const lent = live?.lentAt[address];
  if (!live || lent === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(live.startedAt + DRIVERS_MS, lent + PLUG_MS);
}

/** The guest's driver of a function that was lent to it; null: none yet, or none that fits. */
export function guestDriver(state: SimulatedState, guest: GuestState, address: string): string | null {
  const fn = boardFunctionAt(state.board, address);
  const driver = fn?.driver?.name ?? null;
  if (state.clock < probedAt(guest, address) || driver === null) return null;
  if (fn?.sound && state.board.breakage.noGuestDriver) return null;
  return guestNature(state, guest).withoutDrivers.includes(driver) ? null : driver;
}

/** The guest's driver has asked for the function's interrupt. */
export function guestUsesInterrupt(state: SimulatedState, guest: GuestState, address: string): boolean {
  return guestDriver(state, guest, address) !== null;
}

/** When playback on the card began that goes on now; null while it is silent. */
export function guestPlayingSince(state: SimulatedState, guest: GuestState, address: string): number | null {
  if (guestDriver(state, guest, address) !== 'snd_hda_intel') return null;
  if (guestNature(state, guest).plays) return probedAt(guest, address);
  const playing = guest.live?.processes.find(
    (p) => p.plays === address && p.startedAt <= state.clock && state.clock < p.endsAt,
  );
  return playing?.startedAt ?? null;
}

/** How many interrupts a lent function has raised in this guest: as many reach the host's vfio handler. */
export function guestInterrupts(state: SimulatedState, guest: GuestState, address: string): number {
  const driver = guestDriver(state, guest, address);
  if (driver === null || !guest.live || state.board.breakage.noInterrupts) return 0;
  if (driver !== 'snd_hda_intel') return 1;
  const spans = guestNature(state, guest).plays
    ? [[probedAt(guest, address), state.clock] as const]
    : guest.live.processes
        .filter((p) => p.plays === address)
        .map((p) => [p.startedAt, Math.min(p.endsAt, state.clock)] as const);
  const played = spans.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0);
  return PROBE_INTERRUPTS + Math.floor((played / 1000) * PLAYBACK_INTERRUPTS_PER_S);
}
