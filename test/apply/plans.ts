import { aliasOf, hostdevXml } from '../../src/edit/xml/hostdev.ts';
import { lendsXml } from '../../src/edit/xml/metadata.ts';
import { domainList } from '../../src/host/libvirt/domain.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { type SimulatedHost, simulatedHost } from '../../src/host/simulated/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { GuestRef, Step } from '../../src/plan/step.ts';

export const uri = 'qemu:///system';
export const stateDir = '/var/lib/vfioctl';
/** The card that is alone in its group, on the rig's board. */
export const OWN = '0000:01:00.0';

export function rigHost(name = 'rig-intel'): SimulatedHost {
  return simulatedHost(boardByName(name)!);
}

async function guestRef(host: SimulatedHost, name: string): Promise<GuestRef> {
  const domain = (await domainList(host, uri)).find((d) => d.name === name)!;
  return { uuid: domain.uuid, name };
}

/** As planAssign makes it for one function: definition, metadata, start. */
export async function assignPlan(host: SimulatedHost, name = 'tone', address = OWN): Promise<Plan> {
  const guest = await guestRef(host, name);
  const plan = lendPlan(guest, address);
  const start: Step = {
    id: 'start',
    kind: 'guest-start',
    target: { guest },
    before: { running: false },
    after: { running: true },
  };
  return { ...plan, steps: [...plan.steps, start] };
}

/** The same without the start. */
export function lendPlan(guest: GuestRef, address: string): Plan {
  const steps: Step[] = [
    {
      id: 'hostdev',
      kind: 'guest-hostdev',
      target: { guest, address, scope: 'config' },
      before: { xml: null },
      after: { xml: hostdevXml({ address, alias: aliasOf(address), managed: true }) },
    },
    {
      id: 'metadata',
      kind: 'guest-metadata',
      target: { guest },
      before: { xml: null },
      after: {
        xml: lendsXml([{ address, id: '8086:293e', subsystem: null, path: [], driver: 'snd_hda_intel' }]),
      },
    },
  ];
  return {
    schema: 'vfioctl/plan/1',
    verb: 'assign',
    guest,
    functions: [address],
    steps,
    difference: [],
    notes: [],
  };
}
