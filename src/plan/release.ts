import { differenceOf, hostdevRemove } from '../edit/xml/domain.ts';
import { hostdevElement } from '../edit/xml/hostdev.ts';
import { lendsParse, lendsXml } from '../edit/xml/metadata.ts';
import { driverIsVfio } from '../facts/driver.ts';
import { Failure } from '../failure.ts';
import { addressCompare, addressShort } from '../model/address.ts';
import type { GuestModel } from '../model/guest.ts';
import type { HostModel, Lend } from '../model/model.ts';
import { autostartStep } from './autostart.ts';
import type { Plan } from './plan.ts';
import type { GuestRef, Step } from './step.ts';

export interface ReleaseIntent {
  readonly functions: readonly string[];
  /** The guest that has them; null when no guest has any of them: then only the driver comes back. */
  readonly guest: GuestModel | null;
  readonly stop: boolean;
  readonly live: boolean;
  /** What was lent to the guest since its autostart was taken away for it; null when it was not. */
  readonly braked: readonly string[] | null;
}

/** The steps that take the functions back: made by us, by hand or by another tool alike. */
export function planRelease(model: HostModel, intent: ReleaseIntent): Plan {
  const { guest } = intent;
  const functions = [...intent.functions].sort(addressCompare);
  const lends = model.lends.filter((l) => l.guest === guest && functions.includes(l.address));
  const known = guest ? lendsParse(guest.fact.inactiveXml) : [];
  const steps: Step[] = [];
  let definition = guest?.fact.inactiveXml ?? '';
  if (guest) {
    const ref: GuestRef = { uuid: guest.uuid, name: guest.name };
    if (lends.some((l) => l.live)) steps.push(...freeSteps(ref, guest, lends, intent));
    for (const lend of lends.filter((l) => l.configured)) {
      steps.push(hostdevStep(ref, lend.address, 'config', guest.fact.inactiveXml));
      definition = hostdevRemove(definition, lend.address);
    }
    const metadata = metadataStep(guest, ref, functions);
    if (metadata) steps.push(metadata);
  }
  for (const address of functions) {
    const driver = model.functions.get(address)?.driver ?? null;
    const lent = lends.some((l) => l.address === address);
    if (!lent && (driver === null || !driverIsVfio(driver))) continue;
    steps.push({
      id: `driver-bind ${address}`,
      kind: 'driver-bind',
      target: { address },
      before: { driver: driver !== null && driverIsVfio(driver) ? driver : 'vfio-pci' },
      // The driver that the host used before, where the lend was made by us and says so.
      after: { driver: known.find((l) => l.address === address)?.driver ?? null },
    });
  }
  const unbrake = guest !== null && lastOfBrake(guest, intent);
  if (unbrake) steps.push(autostartStep({ uuid: guest.uuid, name: guest.name }, true));
  return {
    schema: 'vfioctl/plan/1',
    verb: 'release',
    guest: guest ? { uuid: guest.uuid, name: guest.name } : null,
    functions,
    steps,
    difference: guest ? differenceOf(guest.fact.inactiveXml, definition) : [],
    notes: unbrake
      ? [`${guest.name} starts with the host again: nothing unproven is lent to it any more`]
      : [],
  };
}

/** Nothing of what autostart was taken away for is left in the definition. */
function lastOfBrake(guest: GuestModel, { functions, braked }: ReleaseIntent): boolean {
  if (braked === null || guest.fact.autostart) return false;
  return guest.hostdevs.every((h) => !braked.includes(h.source) || functions.includes(h.source));
}

/** A running guest lets go only when it is shut down, or when the function is unplugged from it. */
function freeSteps(ref: GuestRef, guest: GuestModel, lends: readonly Lend[], intent: ReleaseIntent): Step[] {
  if (intent.stop) {
    return [
      {
        id: 'guest-start',
        kind: 'guest-start',
        target: { guest: ref },
        before: { running: true },
        after: { running: false },
      },
    ];
  }
  if (intent.live) {
    const xml = guest.fact.liveXml ?? '';
    return lends.filter((l) => l.live).map((l) => hostdevStep(ref, l.address, 'live', xml));
  }
  const held = lends.filter((l) => l.live).map((l) => addressShort(l.address));
  throw new Failure(
    'refused',
    `${guest.name} runs and holds ${held.join(', ')}`,
    'say how it shall let go: --stop shuts the guest down, --live unplugs from the running guest',
  );
}

function hostdevStep(guest: GuestRef, address: string, scope: 'config' | 'live', definition: string): Step {
  return {
    id: `guest-hostdev ${address} ${scope}`,
    kind: 'guest-hostdev',
    target: { guest, address, scope },
    before: { xml: hostdevElement(definition, address)?.xml ?? null },
    after: { xml: null },
  };
}

function metadataStep(guest: GuestModel, ref: GuestRef, functions: readonly string[]): Step | null {
  const known = lendsParse(guest.fact.inactiveXml);
  const kept = known.filter((l) => !functions.includes(l.address));
  if (kept.length === known.length) return null;
  return {
    id: 'guest-metadata',
    kind: 'guest-metadata',
    target: { guest: ref },
    before: { xml: lendsXml(known) },
    after: { xml: kept.length > 0 ? lendsXml(kept) : null },
  };
}
