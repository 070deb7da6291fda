import assert from 'node:assert/strict';
import type { Proofs } from '../../src/proof/proof.ts';
import { assignStarted, exitIs, proofStates, releaseStopped } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';

const card = '0000:01:00.0';

/** The negative control of the tone check: all works, aplay is content, and the recording is silent. */
export const cardMuted: Scenario = {
  name: 'card-muted',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const { guest } = await assignStarted(bench, 'tone-muted', ['01:00.0'], [card], {
      proofs: /^guest-mixer of .*disproven/,
      exit: 7,
    });
    bench.listen();
    await guest.playTone();
    assert.throws(() => bench.expectToneOnlyOn('own'), /did not play 440 Hz: silence/);
    const verified = await bench.vfioctl('verify', 'tone-muted', '--exercise', '--json');
    exitIs(verified, 7);
    const states = proofStates((verified.json() as Proofs).proofs, card);
    const muted = (await guest.exec('/bin/amixer', '-D', 'hw:0', 'scontents')).stdout;
    assert.match(muted, /\[off\]/, 'the mixer in the guest is not muted at all');
    assert.equal(states['guest-mixer'], 'disproven');
    for (const name of ['driver', 'held', 'guest-device', 'guest-driver'])
      assert.equal(states[name], 'proven', name);
    await releaseStopped(bench, guest, ['01:00.0'], { [card]: 'snd_hda_intel' });
  },
};
