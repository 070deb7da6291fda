import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storySimulated } from '../../rig/agreement/simulated.ts';
import { stories } from '../../rig/agreement/story.ts';

// The simulated half alone, every act with its word. The rig holds the same stories against the real machine.
const SAYS: Readonly<Record<string, readonly string[]>> = {
  'agreement-lend': [
    'refused: group-mates 0000:00:1f.4',
    'refused: group-mates 0000:00:1b.0',
    'refused: function-class 0000:00:05.0, function-endpoint 0000:00:05.0',
    'not-found',
    'done',
    'nothing',
    'done',
    'refused: function-lent 0000:01:00.0',
    'in use by a guest',
    'in use by a guest',
    'refused',
    'done',
    'done',
    'undone',
    'undone',
  ],
  'agreement-by-hand': [
    'done',
    'done',
    'done',
    'no such node device',
    'done',
    'must be detached by hand',
    'done',
    'done',
    'refused: function-lent 0000:01:00.0',
    'done',
    'done',
    'done',
    'done',
    'group not viable',
    'done',
  ],
  'agreement-no-iommu': [
    'refused: function-group 0000:01:00.0, interrupt-remapping host, iommu-on host, iommu-table host',
    'passthrough not supported',
    'done',
    'passthrough not supported',
    'done',
  ],
  'agreement-no-remapping': [
    'refused: interrupt-remapping host',
    'done',
    'done',
    'done',
    'no interrupt remapping',
    'done',
  ],
};

for (const story of stories) {
  test(`${story.name}: what the simulated host says to every act, and that it is left as it was`, async () => {
    const observations = await storySimulated(story);
    assert.deepEqual(
      observations.map((o) => o.says),
      SAYS[story.name],
    );
    const last = observations.at(-1)!;
    assert.deepEqual(last.overrides, {});
    assert.ok(Object.values(last.guests).every((state) => state === 'shut off'));
    assert.equal(last.drivers['0000:01:00.0'], 'snd_hda_intel');
    assert.equal(last.drivers['0000:00:1b.0'], 'snd_hda_intel');
  });
}
