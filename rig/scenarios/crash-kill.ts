import type { Scenario } from '../bench/scenario.ts';
import { hostState } from '../bench/witness.ts';
import { asBefore, cutOffSaid, leftSomething, takenBack } from '../crash/afterwards.ts';
import { type Act, assign, type Command, prepared, releaseStop, unprepared } from '../crash/command.ts';
import { type Moment, reached, statusSaid } from '../crash/moment.ts';

/** How long those that outlive vfioctl are held after its death: the undo must wait for them, not overtake them. */
const outlivesSeconds = 4;

/** SIGKILL of vfioctl at one moment of its run, while its tool and libvirt's job live on; then undo. */
function killed(command: Command, act: Act, moment: Moment): Scenario {
  const where = moment === 'planned' ? moment : `${act.name}-${moment}`;
  return {
    name: `kill-${command.name}-${where}`,
    machine: 'intel',
    usesVfioctl: true,
    counts: 'kills of vfioctl',
    async run(bench) {
      await prepared(bench, command);
      const before = await hostState(bench.machine);
      const { gate, others, tool } = await reached(bench, command, act, moment);
      await gate.kill();
      for (const rule of others) {
        // A program that has not begun to run never does.
        if (moment === 'before') await gate.answer('deny', rule);
        else await gate.answer('allow', rule, outlivesSeconds);
      }
      if (tool === null) await gate.close();
      if (moment === 'acted' || moment === 'told') await leftSomething(bench, before);
      // A guest that has just been started hears no power button yet.
      if (act.name === 'start' && (moment === 'acted' || moment === 'told'))
        await bench.guest('tone').ready();
      await cutOffSaid(bench, gate.run, statusSaid(command, act, moment));
      await takenBack(bench, gate.run);
      if (tool !== null) await gate.close();
      if (act.name === 'stop') await bench.sh('sleep 6');
      await asBefore(bench, before);
      await unprepared(bench, command);
    },
  };
}

const config: readonly Moment[] = ['before', 'begun', 'noted', 'writing', 'acted', 'told'];
const instance: readonly Moment[] = ['before', 'begun', 'noted', 'acted', 'told'];

function everyMoment(command: Command): Scenario[] {
  const first = command.acts[0]!;
  return [
    killed(command, first, 'planned'),
    ...command.acts.flatMap((act) =>
      [
        ...(act.changes === 'definition' ? config : instance),
        ...(act.name === 'start' ? ['bound' as const] : []),
      ].map((moment) => killed(command, act, moment)),
    ),
  ];
}

export const kills: readonly Scenario[] = [...everyMoment(assign), ...everyMoment(releaseStop)];
