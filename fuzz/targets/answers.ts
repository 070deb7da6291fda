import { collect } from '../../src/facts/collect.ts';
import { Snapshot } from '../../src/facts/snapshot.ts';
import { captureHost } from '../../src/host/capture.ts';
import type { Target } from '../target.ts';
import { headed, simulatedCapture } from './captures.ts';
import { hostCheck } from './host.ts';

const base = await simulatedCapture('rig-intel');

/** What tools print: virsh, dmesg, journalctl. `NUMBER` of the run in the capture, then its output. */
export const answers: Target = {
  name: 'answers',
  headed: true,
  seeds: () => base.runs.map((run, i) => `${i}\n${run.stdout}`),
  words: [
    ...[
      '&&vfioctl&&',
      'UUID: ',
      'Name: ',
      'State: running',
      'Autostart: enable',
      '<iommu support=',
      '<forward dev="eth0"/>',
    ],
    ...[
      'error: ',
      '[    0.000000] ',
      'DMAR: IOMMU enabled',
      'vfio-pci 0000:01:00.0: ',
      'avc:  denied  { read } for ',
      'scontext=',
    ],
    ...[
      'apparmor="DENIED" operation="open" profile="libvirt-',
      "BAR 3: can't reserve",
      'firmware has requested this device have a 1:1',
    ],
  ],
  async run(input) {
    const { head, body } = headed(input);
    const number = Number(head);
    const runs = base.runs.map((run, i) => (i === number ? { ...run, stdout: body } : run));
    if (base.runs[number]?.argv[0] === 'virsh') {
      Snapshot.parse(await collect(captureHost({ ...base, runs }), ['libvirt']));
      return;
    }
    await hostCheck({ ...base, runs });
  },
};
