import assert from 'node:assert/strict';
import type { Scenario } from '../bench/scenario.ts';
import { type HostState, hostState } from '../bench/witness.ts';
import { asBefore, cutOffSaid, leftSomething, takenBack } from '../crash/afterwards.ts';
import {
  type Act,
  assign,
  assignDevice,
  type Command,
  prepared,
  release,
  releaseStop,
  undo,
  unprepared,
} from '../crash/command.ts';
import { journalSeen } from '../crash/journal-seen.ts';
import { type Moment, moments, reached, statusSaid } from '../crash/moment.ts';
import { placeOf } from '../crash/position.ts';

/** The power is cut at one moment of a run, the machine boots again from its disk, and the run is taken back. */
function cut(command: Command, act: Act, moment: Moment): Scenario {
  const { place } = moments[moment];
  const where = moment === 'planned' ? moment : `${act.name}-${moment}`;
  return {
    name: `cut-${command.name}-${where}`,
    machine: 'intel',
    usesVfioctl: true,
    counts: `power cuts ${place} an act`,
    async run(bench) {
      const nothing = await hostState(bench.machine);
      await prepared(bench, command);
      // The undo of a lend ends where the lend began.
      const before = command.name === 'undo' ? nothing : afterBoot(await hostState(bench.machine), nothing);
      const { gate, tool, toolEnded } = await reached(bench, command, act, moment);
      const toolLives = tool !== null && (await bench.alive(tool));
      await bench.powerCut();
      const last = (await journalSeen(bench, gate.run))?.records.at(-1) ?? null;
      bench.notes.push(`last on the disk: ${last?.type} ${last?.step ?? ''}`);
      assert.equal(placeOf({ last, toolLives, toolEnded }), place, 'the cut came elsewhere');
      if (moment === 'told' && act.changes === 'definition') await leftSomething(bench, before);
      await cutOffSaid(bench, gate.run, statusSaid(command, act, moment));
      await takenBack(bench, gate.run);
      await asBefore(bench, before);
      if (command.name !== 'undo') await unprepared(bench, command);
    },
  };
}

/** Definitions and files outlive a power cut; no guest runs after it, and drivers are those of a boot. */
function afterBoot(state: HostState, boot: HostState): HostState {
  const guests = Object.entries(state.guests).map(([uuid, guest]) => [uuid, { ...guest, state: 'shut off' }]);
  return { ...state, functions: boot.functions, guests: Object.fromEntries(guests) };
}

function cuts(
  command: Command,
  ...wanted: readonly (readonly [act: string, ...moments: Moment[]])[]
): Scenario[] {
  return wanted.flatMap(([name, ...which]) => {
    const act = command.acts.find((one) => one.name === name);
    if (act === undefined) throw new Error(`${command.name} has no act ${name}`);
    return which.map((moment) => cut(command, act, moment));
  });
}

export const powerCuts: readonly Scenario[] = [
  ...cuts(
    assign,
    ['hostdev', 'planned', 'before', 'begun', 'noted', 'writing', 'written', 'acted', 'told'],
    ['metadata', 'before', 'writing', 'written', 'acted', 'told'],
    ['start', 'before', 'noted', 'bound', 'acted', 'told'],
  ),
  ...cuts(assignDevice, ['second-hostdev', 'before', 'written', 'told'], ['start', 'before', 'bound']),
  ...cuts(releaseStop, ['stop', 'before', 'noted', 'acted', 'told']),
  ...cuts(release, ['hostdev', 'before', 'writing', 'told'], ['metadata', 'before', 'written', 'acted']),
  ...cuts(undo, ['metadata', 'before', 'written', 'acted'], ['hostdev', 'before', 'writing', 'told']),
];
