import { type Case, caseScenario } from './case.ts';
import { killText } from './kills.ts';
import type { Act } from './plans.ts';
import { lossAfter, pointsAfter } from './recovery.ts';
import { lossFromTool, toolFaultText } from './tools.ts';
import { trialMake } from './trial.ts';

/** Tells what is done in a case, and does it again. False when the machine is lost. */
export async function replay(of: Case, say: (line: string) => void): Promise<boolean> {
  const scenario = caseScenario(of);
  for (const guest of scenario.board.guests) {
    say(`guest ${guest.uuid}${guest.autostart ? ', starts with the host' : ''}\n${guest.xml.trimEnd()}`);
  }
  for (const act of scenario.setup) say(`before: ${actText(act)}`);
  say(`killed: vfioctl ${scenario.command.join(' ')}`);
  const trial = await trialMake(scenario, null);
  if (trial === null) {
    say('refused, or with nothing to do: there is nothing to kill');
    return true;
  }
  const { fault, blows } = of;
  if (fault !== null) say(`program ${toolFaultText(fault)}`);
  for (const [nth, { point, kill }] of blows.entries()) {
    const points = nth === 0 ? trial.points : await pointsAfter(trial, blows.slice(0, nth));
    say(`point ${point} of ${points.length}: ${points[point]?.what ?? 'none'}: ${killText(kill)}`);
  }
  const seen = new Set<string>();
  const why = fault !== null ? await lossFromTool(trial, fault, seen) : await lossAfter(trial, blows, seen);
  for (const line of why) say(`lost: ${line}`);
  if (why.length === 0) say('as before');
  return why.length === 0;
}

function actText(act: Act): string {
  if (act.kind === 'wait') return `wait ${act.ms / 1000} s`;
  if (act.kind === 'reboot') return 'reboot';
  return act.kind === 'virsh' ? act.argv.join(' ') : `vfioctl ${act.argv.join(' ')}`;
}
