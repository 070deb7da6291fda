import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typedHost } from './rig.ts';

const JOURNAL = '/var/lib/vfioctl/runs/000001.ndjson';

test('an undo says what it will take back: what was begun, and not what was only planned', async () => {
  const typed = typedHost();
  const before = typed.guests();
  await typed.vfioctl('assign', '01:00.0', 'tone', '--yes', '--start');
  await typed.virsh('destroy', 'tone');
  const journal = typed.host.read(JOURNAL);
  assert.ok(journal.state === 'read');
  const lines = journal.value.split('\n');
  const cut = (type: string, more: number) =>
    lines.slice(0, lines.findIndex((l) => l.includes(`"type":"${type}"`)) + more).join('\n');

  // Cut off after the intent of the first step: it may have been done, and the others were not begun.
  typed.host.replace(JOURNAL, `${cut('intent', 1)}\n`);
  const first = await typed.vfioctl('undo', '--dry-run');
  assert.match(first.stdout, /^undo of run 1 \(assign\):\n {2}- take 01:00\.0 out of tone's definition\n$/);

  typed.host.replace(JOURNAL, `${cut('intent', 0)}\n`);
  const none = await typed.vfioctl('undo', '--dry-run');
  assert.match(none.stdout, /:\n {2}nothing of it was begun\n$/);

  typed.host.replace(JOURNAL, `${cut('outcome', 0)}\n{"seq":9,"at`);
  assert.match((await typed.vfioctl('status')).stdout, /^odd: run 1 \(assign\) has not come to its end$/m);
  assert.equal((await typed.vfioctl('undo', '--yes')).exit, 0);
  const hostdevs = (text: string) => text.split('<hostdev').length;
  assert.equal(hostdevs(typed.guests()), hostdevs(before), 'what the torn journal knew of is taken back');
});
