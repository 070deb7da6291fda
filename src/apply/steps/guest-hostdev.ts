import { controllersAddedSince, domainWithout } from '../../edit/xml/domain.ts';
import { aliasOf, hostdevElement } from '../../edit/xml/hostdev.ts';
import {
  domainActive,
  domainAttachDevice,
  domainDefine,
  domainDetachDevice,
  domainState,
  domainXml,
} from '../../host/libvirt/domain.ts';
import type { GuestHostdevStep } from '../../plan/step.ts';
import { controllersLent } from '../lent.ts';
import { definitionsAgree } from './definition.ts';
import type { ApplyContext, Check, ChildStarted, Done, StepKind } from './kind.ts';

/** A `<hostdev>` comes into a guest's definition (`config`) or its running instance (`live`), or goes out of it. */
export const guestHostdev: StepKind<GuestHostdevStep> = {
  kind: 'guest-hostdev',
  // A definition stays. A running instance ends with the boot, or before: `gone`.
  survivesReboot: (step) => step.target.scope === 'config',
  // Unplugging is asked of the guest: libvirt's answer comes before the guest has let go.
  settleMs: (step, wanted) => (step.target.scope === 'live' && step[wanted].xml === null ? 30_000 : 0),

  async check({ host, uri }, step): Promise<Check> {
    const { guest, address, scope } = step.target;
    if (scope === 'live' && !(await runs({ host, uri }, step))) {
      // Of a guest that is off, libvirt shows the definition when it is asked for the instance.
      const state = step.after.xml === null ? 'after' : 'other';
      return { state, shown: `${guest.name} does not run any more`, observed: {} };
    }
    const xml = await domainXml(host, uri, guest.uuid, { inactive: scope === 'config', secrets: true });
    const present = hostdevElement(xml, address);
    const observed = { xml };
    const wanted = step.after.xml ?? step.before.xml;
    if (present === null) {
      return {
        state: step.after.xml === null ? 'after' : 'before',
        shown: `${address} is not in ${guest.name}`,
        observed,
      };
    }
    const ours = present.alias === aliasOf(address);
    const meant = ours === (wanted?.includes(aliasOf(address)) ?? false);
    if (!meant && scope === 'config') {
      return {
        state: 'other',
        shown: `${address} is in ${guest.name}, put there by somebody else`,
        observed,
      };
    }
    return {
      state: step.after.xml === null ? 'before' : 'after',
      shown: `${address} is in ${guest.name}`,
      observed,
    };
  },

  async act(context, step, started) {
    const { host, uri } = context;
    const { guest, scope } = step.target;
    if (step.after.xml !== null) {
      await domainAttachDevice(host, uri, guest.uuid, step.after.xml, scope, started);
    } else if (scope === 'live') {
      await domainDetachDevice(host, uri, guest.uuid, step.before.xml!, scope, started);
    } else {
      await takeOut(context, step, started);
    }
  },

  async undo(context, step, done, started) {
    if (step.target.scope === 'live') return undoLive(context, step, started);
    return undoDefinition(context, step, done, started);
  },

  async gone(context, step) {
    return step.target.scope === 'live' && !(await runs(context, step));
  },
};

async function runs({ host, uri }: ApplyContext, step: GuestHostdevStep): Promise<boolean> {
  return domainActive(await domainState(host, uri, step.target.guest.uuid));
}

/**
 * Out of the definition, and with it the controllers that libvirt added for our lends as far as they are empty then:
 * in one change where there are such, so that no crash can leave a part.
 */
async function takeOut(
  { host, uri, runs }: ApplyContext,
  step: GuestHostdevStep,
  started: ChildStarted,
): Promise<void> {
  const { guest, address } = step.target;
  const controllers = controllersLent(runs ?? [], guest.uuid);
  if (controllers.length === 0) {
    return domainDetachDevice(host, uri, guest.uuid, step.before.xml!, 'config', started);
  }
  const now = await domainXml(host, uri, guest.uuid, { inactive: true, secrets: true });
  await domainDefine(host, uri, domainWithout(now, { addresses: [address], controllers }), started);
}

/** What taking out makes of the definition, for when it was cut off before it could be read back. */
function takenOut(
  runs: ApplyContext['runs'],
  step: GuestHostdevStep,
  before: string | undefined,
): string | undefined {
  if (step.after.xml !== null || before === undefined) return undefined;
  const { guest, address } = step.target;
  const controllers = controllersLent(runs ?? [], guest.uuid);
  return domainWithout(before, { addresses: [address], controllers });
}

async function undoLive(
  { host, uri }: ApplyContext,
  step: GuestHostdevStep,
  started: ChildStarted,
): Promise<void> {
  const { uuid } = step.target.guest;
  if (step.after.xml !== null) await domainDetachDevice(host, uri, uuid, step.after.xml, 'live', started);
  else if (step.before.xml !== null)
    await domainAttachDevice(host, uri, uuid, step.before.xml, 'live', started);
}

/**
 * Byte for byte where nobody changed the definition since; else only our element goes, and the controllers that
 * libvirt added for it as far as they are still empty: `detach-device` alone would leave them behind.
 */
async function undoDefinition(
  { host, uri, runs }: ApplyContext,
  step: GuestHostdevStep,
  done: Done,
  started: ChildStarted,
): Promise<void> {
  const { guest, address } = step.target;
  const now = await domainXml(host, uri, guest.uuid, { inactive: true, secrets: true });
  const before = done.before.xml;
  const after = done.after?.xml ?? takenOut(runs, step, before);
  if (before !== undefined && after !== undefined && now === after && changedAlone(step, before, after))
    return domainDefine(host, uri, before, started);
  if (step.after.xml === null) {
    if (step.before.xml !== null)
      await domainAttachDevice(host, uri, guest.uuid, step.before.xml, 'config', started);
    return;
  }
  const controllers = before === undefined ? [] : controllersAddedSince(before, after ?? now);
  await domainDefine(host, uri, domainWithout(now, { addresses: [address], controllers }), started);
}

function changedAlone(step: GuestHostdevStep, before: string, after: string): boolean {
  const addresses = [step.target.address];
  const [having, lacking] = step.after.xml === null ? [before, after] : [after, before];
  const controllers = controllersAddedSince(lacking, having);
  return definitionsAgree(domainWithout(having, { addresses, controllers }), lacking);
}
