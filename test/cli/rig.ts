import assert from 'node:assert/strict';
import { journalsRead, type Run } from '../../src/apply/journal.ts';
import { type CommandRun, commandRun } from '../../src/cli/command-run.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { type SimulatedHost, simulatedHost } from '../../src/host/simulated/index.ts';

const STATE_DIR = '/var/lib/vfioctl';

/** A machine with guests on which vfioctl and virsh are typed. */
export interface TypedHost {
  readonly host: SimulatedHost;
  vfioctl(...argv: string[]): Promise<CommandRun>;
  virsh(...args: string[]): Promise<string>;
  runs(): Promise<Run[]>;
  /** Definitions and autostart of every guest: what an undo has to bring back. */
  guests(): string;
}

export function typedHost(host: SimulatedHost = simulatedHost(boardByName('rig-intel')!)): TypedHost {
  return {
    host,
    vfioctl: (...argv) => commandRun(host, argv),
    async virsh(...args) {
      const { code, stdout, stderr } = await host.run([
        'virsh',
        '-q',
        '--connect',
        'qemu:///system',
        ...args,
      ]);
      assert.equal(code, 0, stderr);
      return stdout;
    },
    runs: async () => (await journalsRead(host, STATE_DIR)).runs,
    guests: () => JSON.stringify(host.state.guests.map((g) => [g.name, g.autostart, g.inactive])),
  };
}
