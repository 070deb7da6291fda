import { controllersAddedSince, domainWithout } from '../../edit/xml/domain.ts';
import { aliasOf, hostdevElement } from '../../edit/xml/hostdev.ts';
import {
  domainAttachDevice,
  domainDefine,
  domainDetachDevice,
  domainXml,
} from '../../host/libvirt/domain.ts';
import type { GuestHostdevStep } from '../../plan/step.ts';
import { controllersLent } from '../lent.ts';
import type { ApplyContext, Check, Done, StepKind } from './kind.ts';

/** A `<hostdev>` comes into a guest's definition (`config`) or its running instance (`live`), or goes out of it. */
export const guestHostdev: StepKind<GuestHostdevStep> = {
  kind: 'guest-hostdev',
  // A definition stays; a live step's instance ends with the boot, and its check then finds no such guest running.
  survivesReboot: true,
  // Unplugging is asked of the guest: libvirt's answer comes before the guest has let go.
  settleMs: 30_000,

  async check({ host, uri }, step): Promise<Check> {
    const { guest, address, scope } = step.target;
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

  async undo(context, step, done) {
    if (step.target.scope === 'live') return undoLive(context, step);
    return undoDefinition(context, step, done);
  },
};

/**
 * Out of the definition, and with it the controllers that libvirt added for our lends as far as they are empty then:
 * in one change where there are such, so that no crash can leave a part.
 */
async function takeOut(
  { host, uri, runs }: ApplyContext,
  step: GuestHostdevStep,
  started: Parameters<StepKind<GuestHostdevStep>['act']>[2],
): Promise<void> {
  const { guest, address } = step.target;
  const controllers = controllersLent(runs ?? [], guest.uuid);
  if (controllers.length === 0) {
    return domainDetachDevice(host, uri, guest.uuid, step.before.xml!, 'config', started);
  }
  const now = await domainXml(host, uri, guest.uuid, { inactive: true, secrets: true });
  await domainDefine(host, uri, domainWithout(now, { addresses: [address], controllers }), started);
}

async function undoLive({ host, uri }: ApplyContext, step: GuestHostdevStep): Promise<void> {
  const { uuid } = step.target.guest;
  if (step.after.xml !== null) await domainDetachDevice(host, uri, uuid, step.after.xml, 'live');
  else if (step.before.xml !== null) await domainAttachDevice(host, uri, uuid, step.before.xml, 'live');
}

/**
 * Byte for byte where nobody changed the definition since; else only our element goes, and the controllers that
 * libvirt added for it as far as they are still empty: `detach-device` alone would leave them behind.
 */
async function undoDefinition(
  { host, uri }: ApplyContext,
  step: GuestHostdevStep,
  done: Done,
): Promise<void> {
  const { guest, address } = step.target;
  const now = await domainXml(host, uri, guest.uuid, { inactive: true, secrets: true });
  const before = done.before.xml;
  const after = done.after?.xml;
  if (before !== undefined && after !== undefined && now === after) return domainDefine(host, uri, before);
  if (step.after.xml === null) {
    if (step.before.xml !== null) await domainAttachDevice(host, uri, guest.uuid, step.before.xml, 'config');
    return;
  }
  const controllers = before === undefined ? [] : controllersAddedSince(before, after ?? now);
  await domainDefine(host, uri, domainWithout(now, { addresses: [address], controllers }));
}
