import assert from 'node:assert/strict';
import { attachByVirsh, defineAgain } from '../bench/by-virsh.ts';
import { exitIs, functionsInXml, refusedWith } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';
import type { ShapeName } from '../machine/shape.ts';

/** Asked for one function, vfioctl says no with these words, and libvirt knows of nothing. */
function refusal(
  name: string,
  machine: ShapeName,
  args: readonly string[],
  ...words: (string | RegExp)[]
): Scenario {
  return {
    name,
    machine,
    usesVfioctl: true,
    async run(bench) {
      refusedWith(await bench.vfioctl('assign', ...args, 'tone', '--start', '--yes'), ...words);
      assert.deepEqual(functionsInXml(await bench.guest('tone').inactiveXml()), []);
      assert.equal(await bench.guest('tone').state(), 'shut off');
    },
  };
}

/** The board's own functions share the group: LPC, SATA and SMBus are named. */
export const chipsetRefused = refusal(
  'chipset-refused',
  'intel',
  ['00:1f.4'],
  '00:1f.0',
  '00:1f.2',
  '00:1f.3',
);
/** Saying --with-group does not make the board's own functions lendable. */
export const chipsetWithGroupRefused = refusal(
  'chipset-with-group-refused',
  'intel',
  ['00:1f.4', '--with-group'],
  '00:1f.0',
);
/** libvirt itself detaches a root port when it is asked to: nobody else would stop it. */
export const bridgeRefused = refusal('bridge-refused', 'intel', ['00:05.0'], '00:05.0', /bridge|endpoint/i);
/** QEMU would fail with "Operation not permitted"; the reason stands in the kernel's log only. */
export const remappingOffRefused = refusal(
  'remapping-off-refused',
  'intel-no-remapping',
  ['01:00.0'],
  /interrupt remapping/i,
);
/** The kernel's log says "IOMMU enabled" here too: only the groups tell. */
export const iommuAbsentRefused = refusal('iommu-absent-refused', 'no-iommu', ['01:00.0'], /IOMMU/);

export const functionAbsent: Scenario = {
  name: 'function-absent',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const result = await bench.vfioctl('assign', '09:00.0', 'tone', '--start', '--yes');
    exitIs(result, 2);
    assert.match(result.said, /09:00\.0/);
    assert.deepEqual(functionsInXml(await bench.guest('tone').inactiveXml()), []);
  },
};

/** The card is in a running guest already, put there without vfioctl. */
export const lentElsewhereRefused: Scenario = {
  name: 'lent-elsewhere-refused',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const holder = bench.guest('other');
    const before = await holder.inactiveXml();
    await attachByVirsh(bench, holder, 'yes');
    await holder.start();
    refusedWith(await bench.vfioctl('assign', '01:00.0', 'tone', '--start', '--yes'), 'other');
    assert.equal(await holder.state(), 'running');
    assert.deepEqual(functionsInXml(await holder.activeXml()), ['0000:01:00.0']);
    assert.deepEqual(functionsInXml(await bench.guest('tone').inactiveXml()), []);
    await holder.ready();
    await holder.shutDown();
    await defineAgain(bench, before);
  },
};
