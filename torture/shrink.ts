import { type Case, caseParts, caseScenario } from './case.ts';
import { killsAt } from './kills.ts';
import type { Mutation } from './mutations.ts';
import { type Blow, lossAfter } from './recovery.ts';
import { lossFromTool } from './tools.ts';
import type { Loss } from './torment.ts';
import { trialMake } from './trial.ts';

/** Losses are alike when what is said of them is, but for numbers and names. */
export function lossKind({ why }: Pick<Loss, 'why'>): string {
  return why
    .join('\n')
    .replace(/'[^']*'|[0-9a-f]*\d[0-9a-f]*/g, '#')
    .slice(0, 120);
}

/** The same loss with as little as possible: fewer kills, acts before them, guests and functions. */
export async function shrink(loss: Loss, mutation: Mutation | null = null): Promise<Loss> {
  const trial = await trialMake(caseScenario(loss.case), mutation);
  const [first] = loss.case.blows;
  const wanted = {
    kind: lossKind(loss),
    at: first === undefined ? '' : (trial?.points[first.point]?.what ?? ''),
    mutation,
  };
  let least = loss;
  for (let count = 1; count < loss.case.blows.length; count += 1) {
    const less = await lossIn({ ...loss.case, blows: loss.case.blows.slice(0, count) }, wanted);
    if (less === null) continue;
    least = less;
    break;
  }
  for (const part of caseParts(least.case)) {
    const less = await lossIn({ ...least.case, without: [...least.case.without, part] }, wanted);
    if (less !== null) least = less;
  }
  return least;
}

interface Wanted {
  readonly kind: string;
  /** What was going on at the first kill. */
  readonly at: string;
  readonly mutation: Mutation | null;
}

/** A loss of that kind, killed like the case: points have other numbers in a smaller scenario. */
async function lossIn(of: Case, { kind, at, mutation }: Wanted): Promise<Loss | null> {
  const trial = await trialMake(caseScenario(of), mutation);
  if (trial === null) return null;
  const seen = new Set<string>();
  if (of.fault !== null) {
    const why = await lossFromTool(trial, of.fault, seen);
    return lossKind({ why }) === kind ? { case: of, why } : null;
  }
  const [first, ...rest] = of.blows;
  for (const [point, { what }] of trial.points.entries()) {
    if (what !== at) continue;
    for (const kill of killsAt(trial.points[point]!)) {
      if (kill.kind !== first!.kill.kind || kill.act !== first!.kill.act) continue;
      const blows: Blow[] = [{ point, kill }, ...rest];
      const why = await lossAfter(trial, blows, seen);
      if (lossKind({ why }) === kind) return { case: { ...of, blows }, why };
    }
  }
  return null;
}
