import type { Host } from '../host/host.ts';

/** One look takes no longer than libvirt's own deadline; what the clock says beyond it is a clock that was set. */
const LOOK_MOST_MS = 60_000;

/**
 * How long something has been waited for: by the clock, since a look takes seconds on a slow host, but never less than
 * was slept, and not by a clock that was set back or forth meanwhile.
 */
export interface Patience {
  readonly waitedMs: number;
  pause(ms: number): Promise<void>;
}

export function patienceOf(host: Host): Patience {
  let waitedMs = 0;
  let last = host.now().getTime();
  return {
    get waitedMs() {
      return waitedMs;
    },
    async pause(ms) {
      await host.sleep(ms);
      const now = host.now().getTime();
      const passed = now - last;
      last = now;
      waitedMs += passed >= ms && passed <= LOOK_MOST_MS + ms ? passed : ms;
    },
  };
}
