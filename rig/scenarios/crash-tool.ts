import assert from 'node:assert/strict';
import { exitIs } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';
import { hostState } from '../bench/witness.ts';
import { asBefore } from '../crash/afterwards.ts';
import { type Act, assign, type Command, prepared, releaseStop, unprepared } from '../crash/command.ts';
import { type Moment, reached } from '../crash/moment.ts';

/** How long libvirt's job goes on after the tool that asked for it is dead. */
const jobSeconds = 4;

/**
 * SIGKILL of virsh while libvirt does what it was asked. vfioctl may see the job through, or take everything back, or
 * say that the outcome is unknown; what it must not do is undo beside the job and call it done.
 */
function toolKilled(command: Command, act: Act): Scenario {
  return {
    name: `tool-${command.name}-${act.name}`,
    machine: 'intel',
    usesVfioctl: true,
    counts: 'kills of virsh',
    async run(bench) {
      await prepared(bench, command);
      const before = await hostState(bench.machine);
      const { gate, tool } = await reached(bench, command, act, momentOfJob(act));
      if (act.name === 'stop') {
        // The guest stands still: libvirt has told its agent to shut down, and waits for the answer.
        await bench.sh('kill -STOP $(cat /run/libvirt/qemu/tone.pid)');
        await gate.answer('allow', 0);
        await bench.sh('sleep 2');
        await bench.sh(
          `kill -KILL ${tool}; { sleep ${jobSeconds}; kill -CONT $(cat /run/libvirt/qemu/tone.pid); } > /dev/null 2>&1 &`,
        );
      } else {
        await bench.sh(`kill -KILL ${tool}`);
        await gate.answer('allow', 0, jobSeconds);
      }
      const { code, said } = await gate.ended();
      bench.notes.push(`exit ${code}`);
      await gate.close();
      assert.ok([0, 4, 5, 7].includes(code), `exit ${code}: ${said}`);
      if (act.name === 'start' && (await bench.guest('tone').state()) === 'running')
        await bench.guest('tone').ready();
      if (code !== 4) exitIs(await bench.vfioctl('undo', '--yes', '--json'), 0);
      if (act.name !== 'hostdev' && act.name !== 'metadata') await bench.sh(`sleep ${jobSeconds + 4}`);
      await asBefore(bench, before);
      await unprepared(bench, command);
    },
  };
}

function momentOfJob(act: Act): Moment {
  if (act.changes === 'definition') return 'writing';
  return act.name === 'start' ? 'bound' : 'noted';
}

export const toolKills: readonly Scenario[] = [assign, releaseStop].flatMap((command) =>
  command.acts.map((act) => toolKilled(command, act)),
);
