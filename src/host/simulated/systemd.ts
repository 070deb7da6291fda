import { Failure } from '../../failure.ts';
import { type Answer, answer } from './answer.ts';
import type { SimulatedState } from './state.ts';

/** A transient timer that waits. What it starts is no program of this host: who simulates us runs it when it is due. */
export interface SimulatedTimer {
  /** Without `.timer`. */
  readonly unit: string;
  readonly dueAt: number;
  readonly argv: readonly string[];
}

const SYSTEMD_MS = 30;

/** As far as a dead-man switch needs it: a program that only says its version, run at once; a timer of our own. */
export function systemdRun(state: SimulatedState, args: readonly string[]): Answer {
  const end = args.indexOf('--');
  const options = new Map(args.slice(0, end).map((o) => o.split(/=(.*)/s) as [string, string | undefined]));
  const argv = args.slice(end + 1);
  const unit = options.get('--unit');
  if (end < 0 || unit === undefined) throw notSimulated('systemd-run', args);
  if (state.board.init === 'other') return failed('Failed to connect to bus: No such file or directory');
  if (!options.has('--on-active')) {
    if (argv.at(-1) !== '--version') throw notSimulated('systemd-run', args);
    return answer('', 0, '', SYSTEMD_MS);
  }
  if (state.timers.some((t) => t.unit === unit)) {
    return failed(
      `Failed to start transient timer unit: Unit ${unit}.timer was already loaded or has a fragment file.`,
    );
  }
  const seconds = Number(/^(\d+)s$/.exec(options.get('--on-active') ?? '')?.[1]);
  if (Number.isNaN(seconds)) throw notSimulated('systemd-run', args);
  state.timers.push({ unit, dueAt: state.clock + seconds * 1000, argv });
  return answer('', 0, '', SYSTEMD_MS);
}

/** `systemctl --quiet stop UNIT.timer`. A timer that has fired is gone: nothing of it is loaded any more. */
export function systemctl(state: SimulatedState, args: readonly string[]): Answer {
  const [verb, unit, ...more] = args.filter((a) => a !== '--quiet');
  if (verb !== 'stop' || !unit?.endsWith('.timer') || more.length > 0) throw notSimulated('systemctl', args);
  const waits = state.timers.filter((t) => t.dueAt > state.clock && `${t.unit}.timer` === unit);
  state.timers = state.timers.filter((t) => !waits.includes(t));
  if (waits.length > 0) return answer('', 0, '', SYSTEMD_MS);
  return answer('', 5, `Failed to stop ${unit}: Unit ${unit} not loaded.\n`, SYSTEMD_MS);
}

/** Takes out the timers that have come due: what each starts, in that order. */
export function timersFired(state: SimulatedState): SimulatedTimer[] {
  const due = state.timers.filter((t) => t.dueAt <= state.clock).sort((a, b) => a.dueAt - b.dueAt);
  state.timers = state.timers.filter((t) => !due.includes(t));
  return due;
}

function failed(line: string): Answer {
  return answer('', 1, `${line}\n`, SYSTEMD_MS);
}

function notSimulated(program: string, args: readonly string[]): Failure {
  return new Failure('not-simulated', `not simulated: ${program} ${args.join(' ')}`);
}
