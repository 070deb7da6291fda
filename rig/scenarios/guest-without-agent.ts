import assert from 'node:assert/strict';
import type { Proofs } from '../../src/proof/proof.ts';
import { assignStarted, exitIs, proofStates } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';
import type { GuestName } from '../guest/guests.ts';

const card = '0000:01:00.0';

/** Nobody inside can be asked: the host's proofs stand, the guest's are named as not observable, and undo is whole. */
function story(name: string, guestName: GuestName): Scenario {
  return {
    name,
    machine: 'intel',
    usesVfioctl: true,
    async run(bench) {
      const { guest } = await assignStarted(bench, guestName, ['01:00.0'], [card], {
        proofs: /^(guest-|interrupts).*not-observable/,
        exit: 7,
      });
      assert.match(await guest.ready(), /\] card .*0000:/, "the guest's console does not name a card");
      const verified = await bench.vfioctl('verify', guestName, '--json');
      exitIs(verified, 7);
      const states = proofStates((verified.json() as Proofs).proofs, card);
      assert.equal(states.driver, 'proven');
      assert.equal(states.held, 'proven');
      assert.equal(states['guest-device'], 'not-observable');
      assert.equal(states['guest-driver'], 'not-observable');
      // Undo of a start asks the guest to shut down: here by its power button.
      exitIs(await bench.vfioctl('undo', '--yes', '--json'), 0);
      assert.equal(await guest.state(), 'shut off');
      assert.equal(await bench.driver(card), 'snd_hda_intel');
    },
  };
}

export const guestWithoutAgent = story('guest-without-agent', 'plain');
/** libvirt's tools would take the name for the id of a running guest. */
export const guestNamedNumber = story('guest-named-number', '5');
