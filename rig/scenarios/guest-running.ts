import assert from 'node:assert/strict';
import { exitIs, functionsInXml, releaseStopped, runReport } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';

const card = '0000:01:00.0';

/** A running guest, and no --live: the card comes with the next start, and vfioctl says so. */
export const guestRunning: Scenario = {
  name: 'guest-running',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const guest = bench.guest('plain');
    await guest.start();
    const result = await bench.vfioctl('assign', '01:00.0', 'plain', '--yes', '--json');
    exitIs(result, 0);
    const report = runReport(result);
    assert.equal(report.status, 'done');
    assert.ok(
      report.notes.some((note) => /takes effect/.test(note)),
      `not said when it takes effect: ${report.notes.join('; ')}`,
    );
    assert.ok(report.proofs.every((proof) => proof.state === 'not-yet'));
    assert.deepEqual(functionsInXml(await guest.activeXml()), []);
    assert.deepEqual(functionsInXml(await guest.inactiveXml()), [card]);
    assert.equal(await bench.driver(card), 'snd_hda_intel');
    await guest.ready();
    await guest.shutDown();
    await guest.start();
    assert.match(await guest.ready(), /\] card .*0000:/);
    assert.equal(await bench.driver(card), 'vfio-pci');
    await releaseStopped(bench, guest, ['01:00.0'], { [card]: 'snd_hda_intel' });
  },
};
