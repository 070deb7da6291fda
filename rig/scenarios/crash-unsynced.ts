import assert from 'node:assert/strict';
import { type Bench, quoted } from '../bench/bench.ts';
import { defineAgain } from '../bench/by-virsh.ts';
import { exitIs } from '../bench/lend.ts';
import type { Scenario } from '../bench/scenario.ts';
import { hostState } from '../bench/witness.ts';
import { asBefore, leftSomething, runStatusSaid } from '../crash/afterwards.ts';
import { journalPath, journalSeen, runNext } from '../crash/journal-seen.ts';

const words = ['assign', '01:00.0', 'tone', '--yes'];

/** vfioctl with something injected (strace) into each fsync of its journal. */
function injected(run: number, injection: string): string {
  const traced = `strace -f --seccomp-bpf -qq -P ${journalPath(run)} -e trace=fsync -e inject=fsync:${injection}`;
  return `cd /tmp; : > halt.log; ${traced} -o halt.log vfioctl ${words.map(quoted).join(' ')}`;
}

/**
 * The first record is written and its fsync not done, and somebody else's fsync has put the journal's name on the
 * disk: ext4 commits names with any fsync, and what a file holds only with its own. Such an empty file is no run, and
 * stands in nobody's way.
 */
export const cutRunUnsynced: Scenario = {
  name: 'cut-assign-unsynced',
  machine: 'intel',
  usesVfioctl: true,
  counts: 'power cuts before an act',
  async run(bench) {
    const before = await hostState(bench.machine);
    const run = await runNext(bench);
    await bench.sh(`${injected(run, 'delay_enter=600s:when=1')} > run.out 2>&1 &
until grep -q 'fsync(' /tmp/halt.log; do sleep 0.2; done
touch /root/somebody-else; sync /root/somebody-else`);
    await bench.powerCut();
    const journal = await journalSeen(bench, run);
    assert.deepEqual(journal?.records, [], 'the journal should be there, and empty');
    assert.equal(await runStatusSaid(bench, run), undefined);
    await asBefore(bench, before);
    await lentAndBack(bench);
  },
};

/**
 * The negative control of all power cuts: vfioctl whose fsync does nothing. The lend outlives the cut, its journal does
 * not, and no undo brings the definition back: a vfioctl that forgot an fsync would be found out here.
 */
export const controlUnsynced: Scenario = {
  name: 'control-unsynced',
  machine: 'intel',
  usesVfioctl: true,
  async run(bench) {
    const before = await hostState(bench.machine);
    const guest = bench.guest('tone');
    const definition = await guest.inactiveXml();
    const run = await runNext(bench);
    await bench.sh(`${injected(run, 'retval=0')}`, 120);
    await bench.powerCut();
    assert.deepEqual((await journalSeen(bench, run))?.records ?? [], []);
    await bench.vfioctl('undo', '--yes');
    await leftSomething(bench, before);
    await defineAgain(bench, definition);
    await asBefore(bench, before);
    await lentAndBack(bench);
  },
};

/** Nothing blocks the next run. */
async function lentAndBack(bench: Bench): Promise<void> {
  exitIs(await bench.vfioctl(...words, '--json'), 0);
  exitIs(await bench.vfioctl('undo', '--yes', '--json'), 0);
}
