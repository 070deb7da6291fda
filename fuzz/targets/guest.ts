import assert from 'node:assert/strict';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { guestAddressFree, guestOf } from '../../src/model/guest.ts';
import { lendsMoved } from '../../src/model/identity.ts';
import { modelOf } from '../../src/model/model.ts';
import { guestPlaces, hotplugPlace } from '../../src/model/place.ts';
import { answer } from '../answer.ts';
import type { Target } from '../target.ts';
import { definitions } from './xml.ts';

/** A definition as the model of a guest: what it has, where it has room, what was lent to it. */
export const guest: Target = {
  name: 'guest',
  seeds: () => [
    ...definitions(),
    ...['i7-2620m', 'rig-intel'].flatMap((name) => boardByName(name)!.guests.map((g) => g.xml)),
  ],
  words: [
    ...[
      "<memory unit='EiB'>99999999999999999999</memory>",
      "index='4294967296'",
      "bus='0xff'",
      "slot='0x20'",
    ],
    ...["model='constructor'", "machine='pc-q35-99'", "function='8'", "multifunction='on'", "type='nvme'"],
  ],
  run(input) {
    const fact = {
      uuid: '0a000000-0000-4000-8000-000000000001',
      name: 'fuzz',
      state: 'running',
      autostart: false,
      persistent: true,
      managedSave: false,
      snapshots: 0,
      inactiveXml: input,
      liveXml: input,
      pid: null,
    };
    const model = answer(() => guestOf(fact));
    if (model === undefined) return;
    assert.ok(Number.isFinite(model.memoryKiB) && model.memoryKiB >= 0);
    assert.deepEqual(model.hostdevs, model.liveHostdevs);
    for (const slot of ['07:00.0', '1b', '00:03.0', 'ff:00.0']) guestAddressFree(model, slot);
    answer(() => guestPlaces(model, ['0000:00:1b.0', '0000:00:1b.1', '0000:01:00.0'], null));
    hotplugPlace(model, ['0000:00:1b.0']);
    const host = modelOf({ gaps: [], libvirt: { guests: [fact] } } as unknown as Snapshot);
    assert.ok(host.lends.every((l) => l.configured && l.live));
    lendsMoved(host);
  },
};
