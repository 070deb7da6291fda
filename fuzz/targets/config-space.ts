import assert from 'node:assert/strict';
import { capabilitiesOf } from '../../src/facts/pci-config.ts';
import { bytesRedact } from '../../src/facts/redact/bytes.ts';
import { Capabilities } from '../../src/facts/snapshot.ts';
import type { Target } from '../target.ts';
import { filesOf, simulatedCapture } from './captures.ts';

/** A function's configuration space, a character a byte: lists of capabilities that run in circles, or out of it. */
export const configSpace: Target = {
  name: 'config-space',
  async seeds() {
    const files = filesOf(await simulatedCapture('rig-intel'));
    return [...files].filter(([path]) => path.endsWith('/config')).map(([, content]) => content);
  },
  words: [
    '\x10\x40',
    '\x01\x40',
    '\x40\x40',
    '\xff\xff\xff\xff',
    '\x0d\x00\x01\x10',
    '\x03\x00\x01\x10',
    '\0\0\0\0',
  ],
  run(input) {
    const bytes = Buffer.from(input.slice(0, 4096), 'latin1');
    const capabilities = capabilitiesOf(bytes);
    assert.equal(capabilities === null, bytes.length < 256);
    if (capabilities !== null) Capabilities.parse(capabilities);
    const path = '/sys/devices/pci0000:00/0000:00:1b.0/config';
    const redacted = Buffer.from(
      bytesRedact(path, bytes.toString('base64'), (t) => t),
      'base64',
    );
    assert.equal(redacted.length, bytes.length);
    assert.deepEqual(capabilitiesOf(redacted), capabilities);
  },
};
