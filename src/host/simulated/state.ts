import type { TreeEntry } from '../tree.ts';
import type { Board } from './board.ts';
import type { Unsynced } from './disk.ts';
import type { Job } from './job.ts';
import type { StuckTask } from './stuck.ts';
import type { SimulatedTimer } from './systemd.ts';

/** The whole machine as plain JSON: written out, read back, it goes on where it was. */
export interface SimulatedState {
  readonly schema: 'vfioctl/simulated/1';
  board: Board;
  /** Virtual time, milliseconds since 1970. Only runs and sleeps move it. */
  clock: number;
  boot: BootState;
  kernel: KernelState;
  guests: GuestState[];
  nextPid: number;
  nextGuestId: number;
  /** Files outside /proc, /sys and /dev: what a reboot keeps, besides /run. */
  files: Record<string, TreeEntry>;
  /** What of them a power cut may take. */
  unsynced: Unsynced;
  /** Programs that outlived their caller. */
  jobs: Job[];
  /** systemd's transient timers that wait. */
  timers: SimulatedTimer[];
}

interface BootState {
  count: number;
  /** When this boot began, on the virtual clock. */
  at: number;
  id: string;
  commandLine: string;
}

export interface KernelState {
  /** The IOMMU translates: there are groups. */
  iommu: boolean;
  remapping: boolean;
  /** Loaded modules by their names in /sys/module, oldest first. */
  modules: string[];
  /** Bound driver by address; a function without one has no key. */
  drivers: Record<string, string>;
  overrides: Record<string, string>;
  /** ALSA card number to address; null is free again. */
  cards: (string | null)[];
  /** Lines with their time stamps. */
  log: string[];
  /** What sleeps in the kernel until the next boot. */
  stuck: StuckTask[];
}

export interface GuestState {
  readonly uuid: string;
  name: string;
  /** Definition from the next start on, as libvirt formats it, secrets included; null: transient. */
  inactive: string | null;
  live: LiveGuest | null;
  autostart: boolean;
  managedSave: boolean;
  snapshots: string[];
}

interface LiveGuest {
  readonly id: number;
  readonly pid: number;
  xml: string;
  readonly startedAt: number;
  /** When it will be off, after the power button was pressed; null while nobody asked. */
  offAt: number | null;
  /** Functions that libvirt took from their host driver for it, and gives back when it stops. */
  giveBack: string[];
  /** When each function of it was lent: the guest's driver probes it a little later. */
  lentAt: Record<string, number>;
  /** Playback volume (0 to 74) and switch of each card, by address on the host. */
  mixer: Record<string, { volume: number; on: boolean }>;
  /** Programs that the agent has started. */
  processes: GuestProcess[];
}

export interface GuestProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly startedAt: number;
  readonly endsAt: number;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Address on the host of the card that it plays on. */
  readonly plays: string | null;
}

/** Seconds since boot. */
export function uptime(state: SimulatedState): number {
  return (state.clock - state.boot.at) / 1000;
}

/** Before it has booted. */
export function kernelOff(): KernelState {
  return {
    iommu: false,
    remapping: false,
    modules: [],
    drivers: {},
    overrides: {},
    cards: [],
    log: [],
    stuck: [],
  };
}

/** One line of the kernel log, now. */
export function kernelLog(state: SimulatedState, text: string, at: number = uptime(state)): void {
  state.kernel.log.push(`[${at.toFixed(6).padStart(12)}] ${text}`);
}

/** The clock in the form that libvirt and QEMU log it: `2026-11-24T23:08:06.015000Z`. */
export function logTime(state: SimulatedState): string {
  return new Date(state.clock).toISOString().replace('Z', '000Z');
}
