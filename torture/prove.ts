import { caseText } from './case.ts';
import { mutations } from './mutations.ts';
import { torment } from './torment.ts';

/** By then a fault of this kind has shown itself many times over. */
const KILLS = 400;
const KILLS_A_PLAN = 100;

/** Plants each fault, and sees that it costs a machine. False when one is not noticed. */
export async function prove(seed: number, say: (line: string) => void): Promise<boolean> {
  let found = 0;
  for (const mutation of mutations) {
    let kills = 0;
    let lost: string | null = null;
    for (let index = 0; lost === null && kills < KILLS; index += 1) {
      const of = { seed, index, without: [], blows: [], fault: null };
      const options = { kills: KILLS_A_PLAN, faults: 0, mutation, seen: new Set<string>(), once: true };
      const done = await torment(of, options);
      kills += done.kills;
      const [loss] = done.losses;
      if (loss) lost = `${caseText(loss.case)}: ${loss.why[0]!.split('\n')[0]}`;
    }
    if (lost !== null) found += 1;
    say(`${mutation.name}: ${lost === null ? 'NOT FOUND' : `found, after ${kills} kills: ${lost}`}`);
  }
  say(`torture --prove: ${found} of ${mutations.length} planted faults found`);
  return found === mutations.length;
}
