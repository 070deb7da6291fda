import assert from 'node:assert/strict';
import type { Findings } from '../../src/findings/finding.ts';
import type { ListDocument, ShowDocument, StatusDocument } from '../../src/report/documents.ts';
import { exitIs } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';

const sysfs = [
  'for path in /sys/bus/pci/devices/*; do',
  '  driver=$(readlink "$path/driver")',
  '  group=$(readlink "$path/iommu_group")',
  `  echo "\${path##*/} \${driver##*/}, \${group##*/}"`,
  'done',
].join('\n');

/** `list`, `show`, `doctor` and `status` say what sysfs says, and judge the three shapes of groups rightly. */
export const hostSeen: Scenario = {
  name: 'host-seen',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const listed = await bench.vfioctl('list', '--json');
    exitIs(listed, 0);
    const { functions } = listed.json() as ListDocument;
    const told = functions.map((one) => `${one.address} ${one.driver ?? ''}, ${one.group ?? ''}`);
    assert.deepEqual(told.sort(), (await bench.sh(sysfs)).trim().split('\n').sort());
    const verdict = (address: string): string | undefined =>
      functions.find((one) => one.address === address)?.verdict.word;
    assert.equal(verdict('0000:01:00.0'), 'free');
    assert.equal(verdict('0000:00:1b.0'), 'needs mates');
    assert.equal(verdict('0000:00:05.0'), 'impossible');

    const shown = await bench.vfioctl('show', '00:1f.4', '--json');
    exitIs(shown, 0);
    const [chipset] = (shown.json() as ShowDocument).functions;
    const mates = await bench.sh('ls /sys/bus/pci/devices/0000:00:1f.4/iommu_group/devices');
    assert.deepEqual([...(chipset?.mates ?? []), '0000:00:1f.4'].sort(), mates.trim().split('\n').sort());

    const doctor = await bench.vfioctl('doctor', '01:00.0', '--guest', 'tone', '--json');
    exitIs(doctor, 0);
    const { findings } = doctor.json() as Findings;
    for (const rule of [
      'iommu-on',
      'interrupt-remapping',
      'function-group',
      'libvirt-reachable',
      'guest-defined',
    ]) {
      assert.ok(
        findings.some((finding) => finding.rule === rule && finding.state === 'clear'),
        `doctor does not find ${rule} clear`,
      );
    }

    const status = await bench.vfioctl('status', '--json');
    exitIs(status, 0);
    const { readiness, lends } = status.json() as StatusDocument;
    assert.equal(readiness.verdict, 'ready');
    assert.deepEqual(lends, []);
  },
};
