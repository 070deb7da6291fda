import assert from 'node:assert/strict';
import type { StatusDocument } from '../../src/report/documents.ts';
import { attachByVirsh, defineAgain } from '../bench/by-virsh.ts';
import { allProven, releaseStopped } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';

const card = '0000:01:00.0';

/** A lend that vfioctl did not make is seen, verified and taken back all the same. */
export const lendByVirsh: Scenario = {
  name: 'lend-by-virsh',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const guest = bench.guest('tone');
    const before = await guest.inactiveXml();
    await attachByVirsh(bench, guest, 'no');
    await guest.start();
    await guest.ready();
    const { lends } = (await bench.vfioctl('status', '--json')).json() as StatusDocument;
    assert.deepEqual(
      lends.map(({ address, guest: holder, live, ours, managed, driver }) => ({
        address,
        holder,
        live,
        ours,
        managed,
        driver,
      })),
      [{ address: card, holder: 'tone', live: true, ours: false, managed: false, driver: 'vfio-pci' }],
    );
    bench.listen();
    allProven(await bench.vfioctl('verify', 'tone', '--tone', '--json'));
    bench.expectToneOnlyOn('own');
    // managed='no': libvirt would leave the card on vfio-pci, so that the way back is vfioctl's.
    await releaseStopped(bench, guest, ['01:00.0'], { [card]: 'snd_hda_intel' });
    await defineAgain(bench, before);
  },
};
