import { killParse, killText } from './kills.ts';
import type { Scenario } from './plans.ts';
import { endpoints, scenarioMake } from './plans.ts';
import type { Blow } from './recovery.ts';
import { type ToolFault, toolFaultParse, toolFaultText } from './tools.ts';

/**
 * What was done to which scenario, for replay. As text `7/12-g1-f0@23=process:later:whole:@4=cut:none::10`: scenario
 * 12 of seed 7, without its second guest and its first function, killed at point 23, and what took it back at its
 * point 4; or `7/12!9=hang`: the ninth program of its command never answers.
 */
export interface Case {
  readonly seed: number;
  readonly index: number;
  readonly without: readonly string[];
  readonly blows: readonly Blow[];
  readonly fault: ToolFault | null;
}

export function caseText({ seed, index, without, blows, fault }: Case): string {
  const left = without.map((part) => `-${part}`).join('');
  const hits = blows.map(({ point, kill }) => `@${point}=${killText(kill)}`).join('');
  return `${seed}/${index}${left}${hits}${fault === null ? '' : `!${toolFaultText(fault)}`}`;
}

/** Null for what is no case. */
export function caseParse(text: string): Case | null {
  const match = /^(\d+)\/(\d+)((?:-[fgs]\d+)*)((?:@\d+=[\w:-]+)*)(?:!([\w=-]+))?$/.exec(text);
  if (!match) return null;
  const blows: Blow[] = [];
  for (const [, point, words] of (match[4] ?? '').matchAll(/@(\d+)=([\w:-]+)/g)) {
    const kill = killParse(words!);
    if (kill === null) return null;
    blows.push({ point: Number(point), kill });
  }
  const fault = match[5] === undefined ? null : toolFaultParse(match[5]);
  if (match[5] !== undefined && fault === null) return null;
  const without = (match[3] ?? '').split('-').filter((part) => part !== '');
  return { seed: Number(match[1]), index: Number(match[2]), without, blows, fault };
}

/** What could be left out of the case's scenario: functions, guests, acts of its setup. */
export function caseParts({ seed, index, without }: Case): string[] {
  const { board, setup } = scenarioMake(seed, index);
  const parts = [
    ...setup.map((_, i) => `s${i}`),
    ...board.guests.map((_, i) => `g${i}`),
    ...endpoints(board).map((_, i) => `f${i}`),
  ];
  return parts.filter((part) => !without.includes(part));
}

export function caseScenario({ seed, index, without }: Case): Scenario {
  const scenario = scenarioMake(seed, index);
  const { board, setup, back } = scenario;
  const gone = (letter: string, i: number): boolean => without.includes(`${letter}${i}`);
  const functions = endpoints(board).flatMap((f, i) => (gone('f', i) ? [f.address] : []));
  const words = (argv: readonly string[]): string[] => argv.filter((word) => !functions.includes(word));
  const acts = setup.map((act) => (act.kind === 'vfioctl' ? { ...act, argv: words(act.argv) } : act));
  const before = setup.filter((_, i) => back !== null && i < back && gone('s', i)).length;
  return {
    ...scenario,
    board: {
      ...board,
      functions: board.functions.filter((f) => !functions.includes(f.address)),
      guests: board.guests.filter((_, i) => !gone('g', i)),
    },
    setup: acts.filter((_, i) => i === back || !gone('s', i)),
    back: back === null ? null : back - before,
    command: words(scenario.command),
  };
}
