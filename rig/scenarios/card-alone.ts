import assert from 'node:assert/strict';
import { allProven, assignStarted, exitIs, playAndHear, releaseStopped, runReport } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';
import type { ShapeName } from '../machine/shape.ts';

/** The main job, whole: lend the card that is alone in its group, hear it, prove it, take it back. */
function story(name: string, machine: ShapeName, address: string): Scenario {
  return {
    name,
    machine,
    usesVfioctl: true,
    async run(bench) {
      const word = address.slice(5);
      const { guest } = await assignStarted(bench, 'tone', [word], [address]);
      await playAndHear(bench, guest, 'own', address);
      // What exists already is no step.
      const again = await bench.vfioctl('assign', word, 'tone', '--start', '--yes', '--json');
      exitIs(again, 0);
      assert.equal(runReport(again).changed, false);
      // vfioctl's own tone arrives as well, not only the harness's.
      bench.listen();
      allProven(await bench.vfioctl('verify', 'tone', '--tone', '--json'));
      bench.expectToneOnlyOn('own');
      await releaseStopped(bench, guest, [word], { [address]: 'snd_hda_intel' });
    },
  };
}

export const cardAlone = story('card-alone', 'intel', '0000:01:00.0');
/** The same under AMD-Vi. */
export const cardAloneAmd = story('card-alone-amd', 'amd', '0000:00:06.0');
