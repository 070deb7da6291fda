import { Failure } from '../../src/failure.ts';
import type { RunResult } from '../../src/host/host.ts';
import type { SimulatedHost } from '../../src/host/simulated/index.ts';

/** The same machine, with some of its calls taken over. */
export function hostWith(host: SimulatedHost, calls: Partial<SimulatedHost>): SimulatedHost {
  return new Proxy(host, {
    get(target, name) {
      if (name in calls) return Reflect.get(calls, name);
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Somebody acts once: just before, or just after, the first program whose words hold `matching`. */
export function hostIntruded(
  host: SimulatedHost,
  when: 'before' | 'after',
  matching: string,
  intruder: (host: SimulatedHost) => Promise<unknown>,
): { host: SimulatedHost; came(): boolean } {
  let came = false;
  const run: SimulatedHost['run'] = async (argv, options) => {
    const now = !came && argv.join(' ').includes(matching);
    if (now) came = true;
    if (now && when === 'before') await intruder(host);
    const result = await host.run(argv, options);
    if (now && when === 'after') await intruder(host);
    return result;
  };
  return { host: hostWith(host, { run }), came: () => came };
}

/** The disk takes appends until the `nth`, of which it takes `bytes`, and no more until it is `freed`. */
export function hostFull(
  host: SimulatedHost,
  nth: number,
  bytes = 0,
): { host: SimulatedHost; refused(): number; freed(): void } {
  let seen = 0;
  let refused = 0;
  let full = true;
  const append: SimulatedHost['append'] = (path, text) => {
    seen += 1;
    if (!full || seen < nth) return host.append(path, text);
    refused += 1;
    if (seen === nth && bytes > 0) host.append(path, text.slice(0, bytes));
    throw new Failure('state-unwritable', `cannot write ${path}: ENOSPC`);
  };
  const freed = (): void => {
    full = false;
  };
  return { host: hostWith(host, { append }), refused: () => refused, freed };
}

/** How a program answers instead: not run at all where `instead` says so. */
export function hostAnswering(
  host: SimulatedHost,
  instead: (words: string) => Partial<RunResult> | null,
): SimulatedHost {
  const run: SimulatedHost['run'] = async (argv, options) => {
    const answer = instead(argv.join(' '));
    if (answer === null) return host.run(argv, options);
    return { argv, code: 1, stdout: '', stderr: '', ms: 0, timedOut: false, ...answer };
  };
  return hostWith(host, { run });
}
