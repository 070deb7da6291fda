import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { bootId, type Journal, journalReopen, type Run, runStatus } from './journal.ts';

/** A switch that takes a run back by itself unless somebody says in time that the host is still well. */
export interface DeadMan {
  readonly seconds: number;
  /** What starts this very program. */
  readonly self: readonly string[];
  readonly stateDir: string;
  readonly uri: string;
}

/** An armed switch, as its run's journal tells it. */
export interface ArmedSwitch {
  readonly unit: string;
  /** When it fires, ISO. */
  readonly due: string;
  /** It was armed in an earlier boot, and its timer went with that: nobody kept the run, and nothing takes it back. */
  readonly lost: boolean;
}

const REHEARSAL_MS = 30_000;

/** systemd is this machine's init when this directory is there: sd_booted(3). Throws Failure `refused`. */
export function deadManPossible(host: Host): void {
  if (host.exists('/run/systemd/system')) return;
  throw new Failure(
    'refused',
    'systemd does not run on this host: nothing could take the change back by itself',
    'leave out --dead-man, and have another way to this host ready',
  );
}

/**
 * Arms the switch of a run that has a journal and no step yet. The record comes before the timer, so that no crash
 * leaves a timer that nobody knows of. Throws Failure `refused`.
 */
export async function deadManArm(host: Host, journal: Journal, deadMan: DeadMan): Promise<void> {
  const { seconds, self } = deadMan;
  const unit = `vfioctl-dead-man-${journal.run}`;
  journal.append({ type: 'dead-man', unit, seconds });
  // A service may be kept from running what its user can: by SELinux labels, or a file system mounted noexec.
  await systemd(host, [
    'systemd-run',
    '--quiet',
    '--collect',
    '--service-type=oneshot',
    `--unit=${unit}-rehearsal`,
    '--',
    ...self,
    '--version',
  ]);
  await systemd(host, [
    'systemd-run',
    '--quiet',
    '--collect',
    `--unit=${unit}`,
    `--description=vfioctl takes run ${journal.run} back unless it is kept`,
    `--on-active=${seconds}s`,
    '--timer-property=AccuracySec=1s',
    ...RETRY,
    '--',
    ...undoCommand(journal.run, deadMan),
  ]);
}

/**
 * Until it is undone: another vfioctl may hold the lock, libvirt may be about to start again (exit 3), a guest may
 * take its time to shut down (exit 5). A wrong command line or a fault of ours does not get better by itself.
 */
const RETRY = [
  '--property=Restart=on-failure',
  '--property=RestartSec=2s',
  '--property=RestartPreventExitStatus=1 2',
  '--property=StartLimitIntervalSec=1h',
  '--property=StartLimitBurst=300',
];

function undoCommand(run: number, { self, stateDir, uri }: DeadMan): string[] {
  return [...self, 'undo', String(run), '--unless-kept', '--yes', '--state-dir', stateDir, '--connect', uri];
}

/**
 * Stops the timer. Not its service: that may be the very process that asks. What decides is the journal: a service
 * that still comes finds its run kept or undone, and does nothing.
 */
export async function deadManDisarm(host: Host, run: Run): Promise<void> {
  const record = run.records.findLast((r) => r.type === 'dead-man');
  if (record?.type !== 'dead-man') return;
  await host.run(['systemctl', '--quiet', 'stop', `${record.unit}.timer`]);
}

/** Under the host's lock: from here on the switch does nothing. Throws Failure `refused` when it is too late. */
export async function deadManKeep(host: Host, stateDir: string, run: Run): Promise<void> {
  if (runStatus(run) !== 'done') {
    throw new Failure(
      'refused',
      `run ${run.number} (${run.head.plan.verb}) cannot be kept: it is ${runStatus(run)}`,
      'vfioctl history shows what became of it',
    );
  }
  journalReopen(host, stateDir, run).append({ type: 'keep' });
  await deadManDisarm(host, run);
}

/** The switch of a run that has neither been kept nor taken back; null when it has none. */
export function deadManOf(host: Host, run: Run): ArmedSwitch | null {
  const record = run.records.findLast((r) => r.type === 'dead-man');
  if (record?.type !== 'dead-man' || runKept(run) || runStatus(run) === 'undone') return null;
  const due = new Date(Date.parse(record.at) + record.seconds * 1000).toISOString();
  return { unit: record.unit, due, lost: record.boot !== bootId(host) };
}

export function runKept(run: Run): boolean {
  return run.records.some((r) => r.type === 'keep');
}

async function systemd(host: Host, argv: readonly string[]): Promise<void> {
  const { code, stderr, timedOut } = await host.run(argv, { deadlineMs: REHEARSAL_MS });
  if (code === 0) return;
  const why = timedOut ? 'systemd does not answer' : stderr.trim().replace(/\s*\n\s*/g, ': ');
  throw new Failure(
    'refused',
    `the dead-man switch cannot be armed: ${why || `systemd-run ended with ${code}`}`,
    'nothing was changed; leave out --dead-man, and have another way to this host ready',
  );
}
