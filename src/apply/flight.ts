import { Failure } from '../failure.ts';
import { readSilent } from '../host/guarded.ts';
import type { Host } from '../host/host.ts';
import { addressShort } from '../model/address.ts';
import { bootId, type Run, type RunAbout, runStatus, runsMeet } from './journal.ts';
import { patienceOf } from './patience.ts';
import type { JournalRecord } from './record.ts';

/** Something that a run began and that has not ended: in its tool, or in the kernel on its behalf. */
export interface Flight {
  readonly run: Run;
  /** It sleeps in the kernel where no signal reaches it: no waiting helps, only a reboot. */
  readonly stuck: boolean;
  readonly text: string;
}

type Child = Extract<JournalRecord, { type: 'child' }>;

const POLL_MS = 1_000;
const WAIT_MS = 120_000;
/** A tool that reads from a disk sleeps uninterruptibly too, and every driver holds the lock while it begins: for moments. */
const STUCK_LOOKS = 3;

/**
 * What is in flight of these runs, at one look. Pid and start time together name one process, so that a pid that was
 * given away again is not taken for a tool of ours; and a boot ends them all.
 */
export async function flightsNow(host: Host, runs: readonly Run[]): Promise<Flight[]> {
  const boot = bootId(host);
  const ours = runs.filter((run) => run.records.some((r) => r.boot === boot));
  const flights = ours.flatMap((run) =>
    run.records.filter(isChild).flatMap((c) => childFlight(host, boot, run, c)),
  );
  const unsettled = ours.filter((run) => ['open', 'unknown', 'partial'].includes(runStatus(run)));
  return [...flights, ...(await lockFlights(host, unsettled))];
}

/**
 * Waits for the tools that a run left running, since undoing beside them could be overtaken by them, and answers what
 * is in flight still. What is stuck is not waited for.
 */
export async function flightsWait(host: Host, run: Run): Promise<Flight[]> {
  let looks = 0;
  const patience = patienceOf(host);
  for (;;) {
    const flights = await flightsNow(host, [run]);
    looks = flights.some((f) => f.stuck) ? looks + 1 : 0;
    if (flights.length === 0 || patience.waitedMs >= WAIT_MS || looks >= STUCK_LOOKS) return flights;
    await patience.pause(POLL_MS);
  }
}

/** Nothing new is begun on a guest or a function beside what is in flight on it. Throws Failure `busy`. */
export async function flightsRefuse(host: Host, runs: readonly Run[], about: RunAbout): Promise<void> {
  const flight = (
    await flightsNow(
      host,
      runs.filter((run) => runsMeet(run.head.plan, about)),
    )
  )[0];
  if (flight) throw new Failure('busy', flight.text, flightHint(flight));
}

export function flightHint({ run, stuck }: Flight): string {
  return stuck
    ? `nothing but a reboot frees it; then run: vfioctl undo ${run.number}`
    : `wait until it has ended, then run: vfioctl undo ${run.number}`;
}

function isChild(record: JournalRecord): record is Child {
  return record.type === 'child';
}

function childFlight(host: Host, boot: string | null, run: Run, child: Child): Flight[] {
  if (child.boot !== boot || child.startTicks === null) return [];
  const process = processStand(host, child.pid);
  // Z and X: it has ended, and nobody has asked how.
  if (process?.startTicks !== child.startTicks || process.state === 'Z' || process.state === 'X') return [];
  const stuck = process.state === 'D';
  // The metadata that virsh is given are an argument of many lines.
  const command = child.argv.join(' ').split('\n')[0]!.slice(0, 120);
  const how = stuck ? 'sleeps in the kernel and cannot be ended' : 'still runs';
  return [{ run, stuck, text: `${command} (pid ${child.pid}) of run ${run.number} ${how}` }];
}

/**
 * What libvirtd does is no child of ours. But the kernel holds a device's lock while a driver lets go of it
 * (device_release_driver), and reading `driver_override` takes that lock: where it does not answer, somebody is inside.
 * An answer proves nothing, since newer kernels read it without the lock.
 */
async function lockFlights(host: Host, runs: readonly Run[]): Promise<Flight[]> {
  const path = (address: string) => `/sys/bus/pci/devices/${address}/driver_override`;
  const functions = [...new Set(runs.flatMap((run) => run.head.plan.functions))];
  if (functions.length === 0) return [];
  const readings = await host.readGuarded(functions.map(path));
  return runs.flatMap((run) =>
    run.head.plan.functions
      .filter((address) => readSilent(readings.get(path(address))))
      .map((address) => ({
        run,
        stuck: true,
        text: `${addressShort(address)} is stuck in the kernel: its driver does not let go of it (run ${run.number})`,
      })),
  );
}

/** State and start time: fields 3 and 22 of /proc/PID/stat, after the command name, which may hold spaces and brackets. */
function processStand(host: Host, pid: number): { state: string; startTicks: number } | null {
  const stat = host.read(`/proc/${pid}/stat`);
  if (stat.state !== 'read') return null;
  const fields = stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: Number(fields[19]) };
}
