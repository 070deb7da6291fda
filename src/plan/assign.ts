import { differenceOf, hostdevAdd } from '../edit/xml/domain.ts';
import { aliasOf, hostdevXml } from '../edit/xml/hostdev.ts';
import { type LendIdentity, lendsParse, lendsXml } from '../edit/xml/metadata.ts';
import { driverIsVfio } from '../facts/driver.ts';
import { Failure } from '../failure.ts';
import { addressCompare, addressDevice, addressShort } from '../model/address.ts';
import type { GuestModel } from '../model/guest.ts';
import type { HostModel } from '../model/model.ts';
import { guestPlaces, hotplugPlace } from '../model/place.ts';
import { autostartStep, rescueArgument } from './autostart.ts';
import type { Plan } from './plan.ts';
import type { GuestRef, Step } from './step.ts';

export interface AssignIntent {
  /** All that is lent, group mates that go along included. */
  readonly functions: readonly string[];
  readonly guest: GuestModel;
  readonly start: boolean;
  readonly live: boolean;
  /** Guest address that was asked for, `dddd:bb:ss.f`; null: libvirt chooses. */
  readonly slot: string | null;
  /** Nothing was ever lent from here: the way back from the boot menu is said once. */
  readonly first: boolean;
}

/** The steps that lend the functions to the guest. What is lent to it already is no step. */
export function planAssign(model: HostModel, intent: AssignIntent): Plan {
  const { guest } = intent;
  const ref: GuestRef = { uuid: guest.uuid, name: guest.name };
  const functions = [...intent.functions].sort(addressCompare);
  const toConfigure = functions.filter((a) => !guest.hostdevs.some((h) => h.source === a));
  const toPlug =
    intent.live && guest.active
      ? functions.filter((a) => !guest.liveHostdevs.some((h) => h.source === a))
      : [];
  const places = guestPlaces(guest, toConfigure, intent.slot);
  const elements = new Map(
    toConfigure.map((address) => {
      const place = places.get(address);
      return [address, hostdevXml({ address, alias: aliasOf(address), managed: true, ...(place ?? {}) })];
    }),
  );

  // Off before anything is lent: a host that goes down on the way must not meet this guest when it comes up.
  const brake = toConfigure.length > 0 && guest.fact.autostart;
  const steps: Step[] = brake ? [autostartStep(ref, false)] : [];
  if (model.snapshot.vfio?.control === false && (toConfigure.length > 0 || intent.start)) {
    steps.push({
      id: 'module-load vfio-pci',
      kind: 'module-load',
      target: { module: 'vfio-pci' },
      before: { loaded: false },
      after: { loaded: true },
    });
  }
  for (const address of toConfigure) steps.push(hostdevStep(ref, address, 'config', elements.get(address)!));
  if (toPlug.length > 0) {
    const reason = hotplugPlace(guest, toPlug);
    if (reason !== null)
      throw new Failure(
        'refused',
        reason,
        `leave out --live: it takes effect when ${guest.name} is next started`,
      );
    for (const address of toPlug) {
      const xml = elements.get(address) ?? hostdevXml({ address, alias: aliasOf(address), managed: true });
      steps.push(hostdevStep(ref, address, 'live', xml));
    }
  }
  if (toConfigure.length > 0) steps.push(metadataStep(model, guest, functions));
  if (intent.start && !guest.active) {
    steps.push({
      id: 'guest-start',
      kind: 'guest-start',
      target: { guest: ref },
      before: { running: false },
      after: { running: true },
    });
  }
  const definition = guest.fact.inactiveXml;
  const changed = [...elements.values()].reduce(hostdevAdd, definition);
  return {
    schema: 'vfioctl/plan/1',
    verb: 'assign',
    guest: ref,
    functions,
    steps,
    ...(brake ? { deferred: [autostartStep(ref, true)] } : {}),
    difference: steps.length > 0 ? differenceOf(definition, changed) : [],
    notes: notesOf(model, intent, toConfigure, toPlug),
  };
}

function hostdevStep(guest: GuestRef, address: string, scope: 'config' | 'live', xml: string): Step {
  return {
    id: `guest-hostdev ${address} ${scope}`,
    kind: 'guest-hostdev',
    target: { guest, address, scope },
    before: { xml: null },
    after: { xml },
  };
}

function metadataStep(model: HostModel, guest: GuestModel, functions: readonly string[]): Step {
  const known = lendsParse(guest.fact.inactiveXml);
  const kept = known.filter((l) => !functions.includes(l.address));
  const lends = [...kept, ...functions.map((a) => identityOf(model, a))].sort((a, b) =>
    addressCompare(a.address, b.address),
  );
  return {
    id: 'guest-metadata',
    kind: 'guest-metadata',
    target: { guest: { uuid: guest.uuid, name: guest.name } },
    before: { xml: known.length > 0 ? lendsXml(known) : null },
    after: { xml: lendsXml(lends) },
  };
}

/** What a function is, besides where it is: an address moves when a card is added, these do not. */
function identityOf(model: HostModel, address: string): LendIdentity {
  const fn = model.functions.get(address)!;
  const subsystem =
    fn.subsystemVendor && fn.subsystemDevice ? `${fn.subsystemVendor}:${fn.subsystemDevice}` : null;
  const driver = fn.driver !== null && !driverIsVfio(fn.driver) ? fn.driver : null;
  return { address, id: `${fn.vendor}:${fn.device}`, subsystem, path: fn.path, driver };
}

function notesOf(
  model: HostModel,
  intent: AssignIntent,
  configured: readonly string[],
  plugged: readonly string[],
): string[] {
  const { guest, start } = intent;
  const notes: string[] = [];
  if (configured.length > 0 && guest.active && plugged.length === 0) {
    notes.push(
      `${guest.name} runs: this takes effect when it has been shut down and is started again, not by a reboot inside`,
    );
  }
  if (start && !guest.active) {
    notes.push(
      `all ${Math.round(guest.memoryKiB / 1024)} MiB of ${guest.name}'s memory are pinned while it runs`,
    );
  }
  if (configured.length > 0)
    notes.push(`with a lent function ${guest.name} can be neither saved nor migrated`);
  const devices = new Set(configured.map(addressDevice));
  if (configured.length > devices.size) {
    notes.push(
      `functions of one device go to one slot of the guest: ${configured.map(addressShort).join(', ')}`,
    );
  }
  if (configured.length > 0 && guest.fact.autostart) {
    notes.push(`autostart of ${guest.name} is off until its first proven start`);
  }
  if (configured.length > 0 && intent.first) {
    notes.push(
      `should this host ever fail to come up: add ${rescueArgument(model)} to the kernel's line in the boot menu`,
    );
  }
  return notes;
}
