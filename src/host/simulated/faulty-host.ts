import { Failure } from '../../failure.ts';
import type { Host, RunResult } from '../host.ts';

/** One thing that goes wrong at the host port. Faults stand around a host, never inside of it. */
export interface PortFault {
  /** Which calls count: programs, or writes of any kind (`write`, `append`, `replace`). */
  readonly on: 'run' | 'write';
  /** The how manieth of those that match, from 1. */
  readonly nth: number;
  /** Only calls whose arguments or path hold this text count; all, when it is left out. */
  readonly matching?: string;
  /**
   * `fail`: it is not done, and says so. `hang`: it is done, and nobody hears of it before the deadline.
   * `nonsense`: it is done, and its answer is garbage. `kill-before`, `kill-after`: the process that called is no
   * more, and the call was not, or was, done.
   */
  readonly what: 'fail' | 'hang' | 'nonsense' | 'kill-before' | 'kill-after';
}

/** The process has been killed: every later call of the same host throws it too. */
export class Killed extends Error {
  constructor() {
    super('killed');
    this.name = 'Killed';
  }
}

const NONSENSE = '\u0000\ufffd{]';
const HANG_MS = 10_000;

/** The host with one fault. Reads are never touched, but for the killed, who read nothing any more. */
export function faultyHost<H extends Host>(host: H, fault: PortFault): H {
  let seen = 0;
  let killed = false;
  const hits = (on: PortFault['on'], text: string): boolean =>
    on === fault.on && text.includes(fault.matching ?? '') && ++seen === fault.nth;
  const kill = (): never => {
    killed = true;
    throw new Killed();
  };

  const run: Host['run'] = async (argv, options) => {
    if (!hits('run', argv.join(' '))) return host.run(argv, options);
    const broken = (change: Partial<RunResult>): RunResult => ({
      argv,
      code: 1,
      stdout: '',
      stderr: '',
      ms: 0,
      timedOut: false,
      ...change,
    });
    if (fault.what === 'kill-before') return kill();
    if (fault.what === 'fail') return broken({ stderr: 'error: planted failure\n' });
    const done = await host.run(argv, options);
    if (fault.what === 'kill-after') return kill();
    if (fault.what === 'nonsense') return { ...done, stdout: NONSENSE, stderr: '' };
    await host.sleep(options?.deadlineMs ?? HANG_MS);
    return broken({ code: null, ms: options?.deadlineMs ?? HANG_MS, timedOut: true });
  };

  const write = (path: string, act: () => void): void => {
    const hit = hits('write', path);
    if (hit && fault.what === 'kill-before') kill();
    if (hit && fault.what === 'fail')
      throw new Failure('step-failed', `cannot write ${path}: planted failure`);
    act();
    if (hit && fault.what === 'kill-after') kill();
  };

  const broken: Partial<Host> = {
    run,
    write: (path, text) => write(path, () => host.write(path, text)),
    append: (path, text) => write(path, () => host.append(path, text)),
    replace: (path, text, mode) => write(path, () => host.replace(path, text, mode)),
  };
  return new Proxy(host, {
    get(target, name) {
      if (killed && name !== 'then') throw new Killed();
      const value = broken[name as keyof Host] ?? Reflect.get(target, name, target);
      return typeof value === 'function' && !(name in broken) ? value.bind(target) : value;
    },
  });
}
