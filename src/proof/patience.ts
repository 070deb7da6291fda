import type { Host } from '../host/host.ts';

/** Looks again until what it sees is enough, or the time is over; answers what it saw last. */
export type Patience = <T>(
  look: () => Promise<T>,
  enough: (seen: T) => boolean,
  waitingFor: string,
) => Promise<T>;

const AGAIN_MS = 1000;

/** One budget for all that a guest still lacks while it boots: its agent, its drivers, its sound card. */
export function patienceOf(host: Host, waitMs: number, progress: (text: string) => void): Patience {
  const begin = host.now().getTime();
  return async (look, enough, waitingFor) => {
    for (;;) {
      const seen = await look();
      const waited = host.now().getTime() - begin;
      if (enough(seen) || waited >= waitMs) return seen;
      progress(`waiting for ${waitingFor} (${Math.round(waited / 1000)} s)`);
      await host.sleep(AGAIN_MS);
    }
  };
}
