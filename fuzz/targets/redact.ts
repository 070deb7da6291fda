import assert from 'node:assert/strict';
import { redactionOf } from '../../src/facts/redact/capture.ts';
import type { Capture } from '../../src/host/capture.ts';
import type { Target } from '../target.ts';

/** Told by their form alone, so that nothing else has to name them. */
const PLANTS = [
  '52:54:00:a1:1c:e5',
  '3e6be9de-8139-4c2a-8106-a43f08d7c1e5',
  '203.0.113.77',
  '2001:db8:a11c:e5::17',
  '/home/alice/tax',
  'password=hunter2x',
];
const SECRETS = ['52:54:00:a1:1c:e5', '3e6be9de-8139', '203.0.113.77', 'db8:a11c', 'alice', 'hunter2x'];

const PLANTED_MAX = 50;

/** Any text of a host, with secrets planted between its words: none is left, and the time stays short. */
export const redact: Target = {
  name: 'redact',
  seeds: () => [
    'root=UUID=X ip=X quiet\n',
    'E:ID_SERIAL=Samsung_SSD_860_S3Z9NB0K1\nS:disk/by-id/ata-Samsung_SSD_860_S3Z9NB0K1\n',
    '30 1 8:2 / / rw shared:1 - nfs4 nas:/export rw,addr=10.0.0.7,username=bob\n',
    "<domain type='kvm'>\n  <title>X</title>\n  <uuid>X</uuid>\n  <serial>abc123</serial>\n  <!-- X -->\n</domain>\n",
    '[    1.0] usb 1-4: SerialNumber: 4C5300012608\n[    1.1] wlan0: SSID "home"\n[    1.2] systemd[1]: Hostname set to <h>.\n',
    '&&vfioctl&&<domain>\n</domain>\n&&vfioctl&&',
  ],
  words: [
    ' X ',
    '\nX\n',
    'SerialNumber: ',
    'UUID=',
    'LABEL="',
    'SSID ',
    'password=',
    '/home/',
    '/media/a/b',
    'iqn.2024-01.a:b',
    'wwn-0x5002538e40a1b2c3',
    'naa.',
    'by-id/ata-',
    '::',
    'ff:',
    '1.',
    '<mac address=',
    '<!--',
    '-->',
    "'",
  ],
  run(input) {
    let planted = 0;
    const told = input.replaceAll(/\bX\b/g, (x) => (planted++ < PLANTED_MAX ? PLANTS.join(' ') : x));
    const capture: Capture = {
      schema: 'vfioctl/capture/1',
      made: {
        by: 'fuzz',
        at: '2026-11-25T09:00:00.000Z',
        bootId: null,
        origin: { kind: 'live', name: 'wonderland' },
        root: true,
        kind: 'constructed',
        from: null,
      },
      tree: { '/proc/cmdline': { f: told } },
      runs: [{ argv: ['dmesg'], code: 0, stdout: told, stderr: '' }],
    };
    const { capture: redacted } = redactionOf(capture);
    const text = JSON.stringify(redacted);
    if (told === input) return;
    for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} is told`);
  },
};
