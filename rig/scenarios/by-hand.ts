import assert from 'node:assert/strict';
import { attachByVirsh, defineAgain } from '../bench/by-virsh.ts';
import { functionsInXml, playAndHear } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';

const card = '0000:01:00.0';

/** The old how-to, step by step with virsh alone: what vfioctl replaces, and the proof that the rig itself works. */
export const byHand: Scenario = {
  name: 'by-hand',
  machine: 'intel',
  usesVfioctl: false,
  async run(bench) {
    const guest = bench.guest('tone');
    const before = await guest.inactiveXml();
    await attachByVirsh(bench, guest, 'no');
    assert.equal(await bench.driver(card), 'vfio-pci');
    assert.deepEqual(functionsInXml(await guest.inactiveXml()), [card]);
    await guest.start();
    await guest.ready();
    await playAndHear(bench, guest, 'own', card);
    await guest.shutDown();
    await bench.sh('virsh -q nodedev-reattach pci_0000_01_00_0');
    assert.equal(await bench.driver(card), 'snd_hda_intel');
    await bench.sh(`virsh -q detach-device ${guest.uuid} /tmp/hostdev.xml --config`);
    await defineAgain(bench, before);
  },
};
