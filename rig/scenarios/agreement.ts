import assert from 'node:assert/strict';
import {
  type FunctionSeen,
  type Observation,
  observationOf,
  vfioctlSays,
  virshSays,
} from '../agreement/observation.ts';
import { storySimulated } from '../agreement/simulated.ts';
import { type Act, stories } from '../agreement/story.ts';
import { type Bench, quoted } from '../bench/bench.ts';
import { defineAgain } from '../bench/by-virsh.ts';
import type { Scenario } from '../bench/scenario.ts';
import { guests } from '../guest/guests.ts';

/** The same story on the real machine and on the simulated host: observed after each act, and equal. */
export const agreements: readonly Scenario[] = stories.map((story) => ({
  name: story.name,
  machine: story.shape,
  usesVfioctl: true,
  async run(bench) {
    const simulated = await storySimulated(story);
    const other = bench.guest('other');
    const before = await other.inactiveXml();
    for (const [index, act] of story.acts.entries()) {
      const real = await observe(bench, act);
      assert.deepEqual(simulated[index], real, `${story.name}, act ${index + 1}: ${actText(act)}`);
    }
    // Taken out by virsh alone, a hostdev leaves its controllers behind.
    if ((await other.inactiveXml()) !== before) await defineAgain(bench, before);
    bench.notes.push(`${story.acts.length} acts, each observed alike`);
  },
}));

async function observe(bench: Bench, act: Act): Promise<Observation> {
  const { exit, says } = await actReal(bench, act);
  const seen = await bench.sh(SEEN);
  const functions: FunctionSeen[] = [];
  const states: Record<string, string> = {};
  for (const line of seen.split('\n')) {
    const [kind, name = '', ...rest] = line.split('|');
    const [driver, override, group] = rest;
    if (kind === 'function') {
      functions.push({
        address: name,
        driver: driver || null,
        override: override === '(null)' ? null : (override ?? null),
        group: group || null,
      });
    } else if (kind === 'guest') {
      states[name] = driver ?? '';
    }
  }
  return observationOf(exit, says, functions, states);
}

const SEEN = `
last() { local link; link=$(readlink "$1") && echo "\${link##*/}"; }
for path in /sys/bus/pci/devices/*; do
  echo "function|\${path##*/}|$(last $path/driver)|$(cat $path/driver_override)|$(last $path/iommu_group)"
done
${guests.map((guest) => `echo "guest|${guest.name}|$(virsh -q domstate ${guest.uuid})"`).join('\n')}
`;

async function actReal(bench: Bench, act: Act): Promise<{ exit: number; says: string }> {
  if ('vfioctl' in act) {
    const { code, stdout } = await bench.vfioctl(...act.vfioctl, '--json');
    return { exit: code, says: vfioctlSays(stdout) };
  }
  const uuid = guests.find((guest) => guest.name === act.guest)?.uuid ?? '';
  const words = ['virsh', '-q', ...act.virsh.map((word) => (word === 'GUEST' ? uuid : word))]
    .map(quoted)
    .join(' ');
  const script = act.input === undefined ? words : `${words} <<'XML'\n${act.input}\nXML`;
  const { code, stderr } = await bench.attempt(script, 90);
  return { exit: code, says: virshSays(code, stderr) };
}

function actText(act: Act): string {
  return 'vfioctl' in act
    ? `vfioctl ${act.vfioctl.join(' ')}`
    : `virsh ${act.virsh.join(' ')} ${act.guest ?? ''}`;
}
