import assert from 'node:assert/strict';
import { commandRun } from '../../src/cli/command-run.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../src/host/simulated/index.ts';
import { assertHarmless } from '../answer.ts';
import type { Target } from '../target.ts';

const JOURNAL = '/var/lib/vfioctl/runs/000001.ndjson';

/** The journal of one run: whatever it says, it is told, and an undo of it ends with a code of ours. */
export const journal: Target = {
  name: 'journal',
  async seeds() {
    const host = simulatedHost(boardByName('rig-intel')!);
    const texts: string[] = [];
    const keep = () => {
      const reading = host.read(JOURNAL);
      if (reading.state === 'read') texts.push(reading.value);
    };
    await commandRun(host, ['assign', '01:00.0', 'tone', '--start', '--yes']);
    keep();
    await commandRun(host, ['undo', '--yes']);
    keep();
    return texts;
  },
  words: [
    ...[
      '{"type":"run"}',
      '"type":"intent"',
      '"type":"end","status":"done"',
      '"seq":-1',
      '"boot":null',
      '"plan":{}',
      '"steps":[]',
    ],
    ...[
      '"kind":"reboot"',
      '"kind":"module-load"',
      '"uuid":"5"',
      '"xml":null',
      '"xml":"<a/>"',
      '"pid":1',
      '"startTicks":null',
      '"at":"x"',
    ],
    ...['"type":"dead-man","unit":"x","seconds":60', '"type":"keep"', '"type":"wait-reboot"'],
  ],
  async run(input) {
    const host = simulatedHost(boardByName('rig-intel')!);
    host.makeDirectory('/var/lib/vfioctl/runs');
    host.append(JOURNAL, input);
    for (const argv of [['status'], ['undo', '--yes'], ['history']]) {
      const { exit, stdout, stderr } = await commandRun(host, argv);
      assert.notEqual(exit, 1, stderr);
      assertHarmless(stdout + stderr);
    }
  },
};
