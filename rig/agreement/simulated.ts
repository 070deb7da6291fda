import { commandRun } from '../../src/cli/command-run.ts';
import { domainList } from '../../src/host/libvirt/domain.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { type SimulatedHost, simulatedHost } from '../../src/host/simulated/index.ts';
import { type FunctionSeen, type Observation, observationOf, vfioctlSays, virshSays } from './observation.ts';
import type { Act, Story } from './story.ts';

const uri = 'qemu:///system';

/** The story on the simulated host: one observation an act. */
export async function storySimulated(story: Story): Promise<Observation[]> {
  const board = boardByName(story.board);
  if (!board) throw new Error(`there is no board ${story.board}`);
  const host = simulatedHost(board);
  const observations: Observation[] = [];
  for (const act of story.acts) {
    const { exit, says } = await actSimulated(host, act);
    observations.push(observationOf(exit, says, functionsSeen(host), await guestsSeen(host)));
  }
  return observations;
}

async function actSimulated(host: SimulatedHost, act: Act): Promise<{ exit: number; says: string }> {
  if ('vfioctl' in act) {
    const { exit, stdout } = await commandRun(host, [...act.vfioctl, '--json']);
    return { exit, says: vfioctlSays(stdout) };
  }
  const domains = await domainList(host, uri);
  const uuid = domains.find((d) => d.name === act.guest)?.uuid ?? '';
  const argv = [
    'virsh',
    '-q',
    '--connect',
    uri,
    ...act.virsh.map((word) => (word === 'GUEST' ? uuid : word)),
  ];
  const { code, stderr } = await host.run(argv, {
    ...(act.input ? { input: act.input } : {}),
    deadlineMs: 60_000,
  });
  return { exit: code ?? -1, says: virshSays(code ?? -1, stderr) };
}

function functionsSeen(host: SimulatedHost): FunctionSeen[] {
  const names = host.list('/sys/bus/pci/devices');
  const last = (path: string): string | null => {
    const link = host.link(path);
    return link.state === 'read' ? (link.value.split('/').at(-1) ?? null) : null;
  };
  return (names.state === 'read' ? names.value : []).map((address) => {
    const override = host.read(`/sys/bus/pci/devices/${address}/driver_override`);
    const text = override.state === 'read' ? override.value.trim() : '(null)';
    return {
      address,
      driver: last(`/sys/bus/pci/devices/${address}/driver`),
      override: text === '(null)' ? null : text,
      group: last(`/sys/bus/pci/devices/${address}/iommu_group`),
    };
  });
}

async function guestsSeen(host: SimulatedHost): Promise<Record<string, string>> {
  return Object.fromEntries((await domainList(host, uri)).map((d) => [d.name, d.state]));
}
