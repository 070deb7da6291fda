import assert from 'node:assert/strict';
import { commandRun } from '../../src/cli/command-run.ts';
import { collect } from '../../src/facts/collect.ts';
import { acceptanceParse } from '../../src/findings/refusal.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../src/host/simulated/index.ts';
import {
  addressFormat,
  addressNodeDevice,
  addressOfNodeDevice,
  addressParse,
} from '../../src/model/address.ts';
import { modelOf } from '../../src/model/model.ts';
import { selectorMatches, selectorResolve } from '../../src/model/selector.ts';
import { answer, assertHarmless } from '../answer.ts';
import type { Target } from '../target.ts';

const host = simulatedHost(boardByName('rig-intel')!);
const model = modelOf(await collect(host, ['functions', 'groups']));
const EXITS = [0, 2, 3, 4, 5, 6, 7];
const VERBS = 'status doctor list show prepare assign verify release capture history undo keep try'.split(
  ' ',
);

/** Words as a shell hands them on, a line each: selectors, acceptances, times, flags in any order. */
export const commandLine: Target = {
  name: 'command-line',
  seeds: () => [
    'assign\n01:00.0\ntone\n--dry-run',
    'assign\n00:1b\nplain\n--accept\nsound-in-use=lose PCH\n--yes',
    'list\n8086:2668',
    'show\npci_0000_00_1b_0\n--json',
    'release\naudio\n--from\ntone\n--yes',
    'doctor\n00:1f.4\n--guest\ntone',
    'undo\n1\n--yes\n--state-dir\n/var/lib/vfioctl',
    'assign\n01:00.0\ntone\n--dead-man\n60s\n--slot\n1b\n--yes',
    'keep\n3',
    'status\n--connect\nqemu:///system',
  ],
  words: [
    ...VERBS,
    ...[
      '--json',
      '--events',
      '--yes',
      '--verbose',
      '--dry-run',
      '--format',
      'sh',
      '--host',
      'sim:constructor',
      '--accept',
      '--slot',
      '\n',
      'audio',
      'tone',
      '5',
    ],
  ],
  async run(input) {
    const words = input.slice(0, 4096).split('\n').slice(0, 12);
    for (const word of words) wordCheck(word);
    // Neither a file of this machine nor a person's terminal is for the asking.
    if (words.some((w) => /^(capture|try|--shell|--host|--ho)/.test(w))) return;
    const fresh = simulatedHost(boardByName('rig-intel')!);
    const { exit, stdout, stderr } = await commandRun(fresh, words);
    assert.ok(EXITS.includes(exit), `exit ${exit}: ${stderr}`);
    assertHarmless(stdout + stderr);
  },
};

function wordCheck(word: string): void {
  const address = addressParse(word);
  if (address !== null && address.domain <= 0xffff && word.length === 12) {
    assert.equal(addressFormat(address), word.toLowerCase());
    assert.equal(addressOfNodeDevice(addressNodeDevice(word)), word.toLowerCase());
  }
  const name = () => word;
  for (const fn of selectorMatches(model, word, name)) assert.ok(model.functions.has(fn.address));
  answer(() => selectorResolve(model, word, name));
  answer(() => acceptanceParse(word));
}
