import assert from 'node:assert/strict';
import { exitIs, functionsInXml } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';

const card = '0000:01:00.0';

/** Each undo gives back the definition of the moment before its run, byte for byte, root ports included. */
export const undoWhole: Scenario = {
  name: 'undo-whole',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const guest = bench.guest('tone');
    const before = await guest.inactiveXml();
    exitIs(await bench.vfioctl('assign', '01:00.0', 'tone', '--yes', '--json'), 0);
    const lent = await guest.inactiveXml();
    assert.deepEqual(functionsInXml(lent), [card]);
    exitIs(await bench.vfioctl('release', '01:00.0', '--yes', '--json'), 0);
    assert.deepEqual(functionsInXml(await guest.inactiveXml()), []);
    exitIs(await bench.vfioctl('undo', '--yes', '--json'), 0);
    // libvirt sorts the controllers of what it is given to define, and keeps attach-device's in their order of arrival:
    // the definition of before the release comes back with the same lines, in libvirt's order.
    assert.deepEqual(lines(await guest.inactiveXml()), lines(lent));
    exitIs(await bench.vfioctl('undo', '--yes', '--json'), 0);
    assert.equal(await guest.inactiveXml(), before);
    assert.equal(await bench.driver(card), 'snd_hda_intel');
  },
};

function lines(xml: string): string[] {
  return xml
    .split('\n')
    .map((line) => line.trim())
    .sort();
}
