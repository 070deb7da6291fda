import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRun } from '../../src/cli/command-run.ts';
import type { TryDocument } from '../../src/report/documents.ts';
import { assertDocument } from './schemas.ts';

const nowhere = async () => {
  throw new Error('try opens no host');
};
const tried = async (...flags: string[]) => {
  const { stdout, exit, stderr } = await commandRun(nowhere, ['try', '--json', ...flags]);
  return { exit, stderr, document: assertDocument(stdout) as unknown as TryDocument };
};

test('the whole story: every proof proven, the card back on its driver', async () => {
  const { exit, document } = await tried();
  assert.equal(exit, 0);
  assert.ok(document.proofs.length >= 17, `${document.proofs.length} proofs`);
  assert.deepEqual(
    document.proofs.filter((p) => p.state !== 'proven'),
    [],
  );
  assert.equal(document.final['0000:00:1b.0'], 'snd_hda_intel');
  assert.deepEqual(
    document.steps.map((s) => s.exit),
    [7, 6, 0, 0, 0, 0, 0],
  );
});

test('a person is told it in under 3 s, with nothing of JSON in it', async () => {
  const begin = Date.now();
  const { stdout, exit } = await commandRun(nowhere, ['try']);
  assert.ok(Date.now() - begin < 3000, `${Date.now() - begin} ms`);
  assert.equal(exit, 0);
  assert.match(stdout, /guest-sound +proven +hw:0,0 played 2 s of a tone of 440 Hz/);
  assert.match(stdout, /is back on snd_hda_intel/);
  assert.doesNotMatch(stdout, /"schema"/);
});

/** What each planted breakage must turn over: a proof that is disproven, or a step that is refused for this reason. */
const BREAKAGES = {
  'no-interrupts': { proofs: ['interrupts', 'guest-interrupts', 'guest-sound'] },
  'no-guest-driver': { proofs: ['guest-driver'] },
  'wrong-function': { proofs: ['guest-device'] },
  'card-muted': { proofs: ['guest-mixer'] },
  'mate-bound': { refused: /group \d+ is held by the host through 00:16.0/ },
  'no-interrupt-remapping': { refused: /interrupt remapping is off/ },
  // The laptop's card is then in the hands of the kernel, until the next boot.
  'stuck-unbind': { stuck: /00:1b\.0 is stuck in the kernel.*\n.*nothing but a reboot frees it/ },
} as const;

for (const [fault, expected] of Object.entries(BREAKAGES)) {
  test(`planted: ${fault}`, async () => {
    const { exit, document } = await tried('--break', fault);
    assert.equal(exit, 7);
    const disproven = document.proofs.filter((p) => p.state === 'disproven').map((p) => p.name);
    if ('proofs' in expected) {
      assert.deepEqual(disproven, [...expected.proofs]);
      return;
    }
    const last = document.steps.at(-1)!;
    assert.match(last.command, /^vfioctl assign/);
    if ('stuck' in expected) {
      assert.equal(last.exit, 5);
      assert.match((await commandRun(nowhere, ['try', '--break', fault])).stdout, expected.stuck);
      assert.equal(document.final['0000:00:1b.0'], null);
      return;
    }
    assert.equal(last.exit, 3);
    const text = await commandRun(nowhere, ['try', '--break', fault]);
    assert.match(text.stdout, expected.refused);
    assert.equal(document.final['0000:00:1b.0'], 'snd_hda_intel', 'nothing was changed');
  });
}
