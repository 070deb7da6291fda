import assert from 'node:assert/strict';
import { collectAll } from '../../src/facts/collect.ts';
import { captureRedact } from '../../src/facts/redact/capture.ts';
import { Snapshot } from '../../src/facts/snapshot.ts';
import { captureHost, captureLoad } from '../../src/host/capture.ts';
import { answer } from '../answer.ts';
import type { Target } from '../target.ts';

const entry = (path: string, value: unknown) => `"${path}":${JSON.stringify(value)}`;
const TREE = [
  entry('/proc/cmdline', { f: 'quiet\n' }),
  entry('/sys/bus/pci/devices', { d: ['0000:00:1b.0'] }),
  entry('/sys/bus/pci/devices/0000:00:1b.0', { l: '../../../devices/pci0000:00/0000:00:1b.0' }),
  entry('/sys/devices/pci0000:00/0000:00:1b.0', { d: ['config', 'modalias', 'resource'] }),
  entry('/sys/devices/pci0000:00/0000:00:1b.0/modalias', {
    f: 'pci:v00008086d00001C20sv00000000sd00000000bc04sc03i00\n',
  }),
  entry('/sys/devices/pci0000:00/0000:00:1b.0/config', { b: 'hoA=' }),
  entry('/proc/modules', { e: 'permission denied' }),
];
const MADE = `{"by":"x","at":"2026-11-25T09:00:00.000Z","bootId":null,"origin":{"kind":"live","name":"h"},"root":true,"kind":"recorded","from":null}`;
const RUNS = '[{"argv":["dmesg"],"code":0,"stdout":"[    0.0] DMAR: IOMMU enabled\\n","stderr":""}]';

/** A capture from a stranger: it is refused in one line, or looked at like any host. */
export const capture: Target = {
  name: 'capture',
  seeds: () => [`{"schema":"vfioctl/capture/1","made":${MADE},"tree":{${TREE.join(',')}},"runs":${RUNS}}`],
  words: [
    '"f":',
    '"b":',
    '"l":',
    '"d":',
    '"e":"absent"',
    '"argv":[]',
    '"__proto__":{"f":"x"}',
    '"/":{"l":"/"}',
    '"root":1',
    '"at":"+275760-09-13"',
  ],
  async run(input) {
    const loaded = answer(() => captureLoad(input, 'fuzz.json'));
    if (loaded === undefined) return;
    Snapshot.parse(await collectAll(captureHost(loaded)));
    const redacted = captureLoad(JSON.stringify(captureRedact(loaded)), 'redacted.json');
    assert.equal(redacted.made.redacted, true);
    Snapshot.parse(await collectAll(captureHost(redacted)));
  },
};
