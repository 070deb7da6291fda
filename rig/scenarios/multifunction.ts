import assert from 'node:assert/strict';
import {
  assignStarted,
  exitIs,
  functionsInXml,
  playAndHear,
  refusedWith,
  releaseStopped,
} from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';

const card = '0000:00:1b.0';
const neighbour = '0000:00:1b.1';
/**
 * The neighbour's line is shared with the host's SMBus: its interrupts cannot be told apart on the host, and the guest's
 * own count proves them.
 */
const sharedLine = { proofs: /^interrupts of 0000:00:1b.1: not-observable, .*shared/, exit: 0 } as const;
const drivers = { [card]: 'snd_hda_intel', [neighbour]: 'e1000' };

/** One function of a device whose other one is the host's network card. */
export const multifunctionRefused: Scenario = {
  name: 'multifunction-refused',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    refusedWith(
      await bench.vfioctl('assign', '00:1b.0', 'tone', '--start', '--yes'),
      '00:1b.1',
      /--with-group/,
    );
    const guest = bench.guest('tone');
    assert.equal(await guest.state(), 'shut off');
    assert.deepEqual(functionsInXml(await guest.inactiveXml()), []);
  },
};

/** The neighbour goes along, since it was said: both functions in one slot of the guest, their numbers kept. */
export const multifunctionWithGroup: Scenario = {
  name: 'multifunction-with-group',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const { guest } = await assignStarted(
      bench,
      'tone',
      ['00:1b.0', '--with-group'],
      [card, neighbour],
      sharedLine,
    );
    const inside = (await guest.exec('/usr/bin/lspci', '-n')).stdout;
    const sound = /^(\S+)\.0 0403: 8086:2668/m.exec(inside)?.[1];
    assert.ok(sound !== undefined, `the guest does not see the card:\n${inside}`);
    assert.ok(
      inside.includes(`${sound}.1 0200: 8086:100e`),
      `the neighbour is not in the card's slot:\n${inside}`,
    );
    await playAndHear(bench, guest, 'shared', card);
    await releaseStopped(bench, guest, ['00:1b'], drivers);
  },
};

/** The whole device by its slot, without a word about groups; taken back by undo. */
export const multifunctionBySlot: Scenario = {
  name: 'multifunction-by-slot',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const { guest } = await assignStarted(bench, 'tone', ['00:1b'], [card, neighbour], sharedLine);
    exitIs(await bench.vfioctl('undo', '--yes', '--json'), 0);
    assert.equal(await guest.state(), 'shut off');
    for (const [address, driver] of Object.entries(drivers))
      assert.equal(await bench.driver(address), driver);
  },
};
