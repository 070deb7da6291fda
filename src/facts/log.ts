import type { RunResult } from '../host/host.ts';
import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

type Log = NonNullable<Snapshot['log']>;

/** Lines that tell of an IOMMU, vfio, a guest's QEMU being denied something, or a PCI function by its address. */
const RELEVANT =
  /iommu|DMAR|AMD-Vi|SMMU|vfio|[Rr]emapping|RMRR|IVMD|Linux version|[Cc]ommand line:|avc: {1,4}denied|apparmor="DENIED"|\bkvm\b|lockdown|snd_hda|\b[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\b/;
const LINES_MAX = 4000;
const JOURNAL = ['journalctl', '-k', '-b', '-o', 'short-monotonic', '--no-pager', '-q'];

/** The kernel's log of this boot: its own buffer, or the journal where users may not read that. */
export function kernelLog(look: Look): Promise<Log | undefined> {
  return look.once('log', async () => {
    const buffer = await look.host.run(['dmesg']);
    if (holds(buffer)) return logOf('dmesg', buffer.stdout);
    const journal = await look.host.run(JOURNAL, { deadlineMs: 20_000 });
    if (holds(journal)) return logOf('journalctl -k', journal.stdout);
    look.gap('log', null, buffer.stderr.trim() || 'dmesg shows nothing');
    return undefined;
  });
}

function holds(result: RunResult): boolean {
  return result.code === 0 && result.stdout.trim() !== '';
}

/** `cut`: the boot's first line has gone from the buffer, or lines had to be left out here. */
function logOf(source: string, text: string): Log {
  const relevant = text.split('\n').filter((line) => RELEVANT.test(line));
  const whole = relevant.some((line) => line.includes('Linux version ')) && relevant.length <= LINES_MAX;
  const half = LINES_MAX / 2;
  const lines =
    relevant.length <= LINES_MAX ? relevant : [...relevant.slice(0, half), ...relevant.slice(-half)];
  return { source, lines, cut: !whole };
}
