import { LENDS_NAMESPACE, lendsElement, lendsRemove } from '../../edit/xml/metadata.ts';
import { domainDefine, domainMetadataSet, domainXml } from '../../host/libvirt/domain.ts';
import type { GuestMetadataStep } from '../../plan/step.ts';
import { definitionsAgree } from './definition.ts';
import type { ApplyContext, Check, ChildStarted, StepKind } from './kind.ts';

/** Identity travels with the guest: our element in its `<metadata>` says who was lent. */
export const guestMetadata: StepKind<GuestMetadataStep> = {
  kind: 'guest-metadata',
  survivesReboot: () => true,
  settleMs: () => 0,

  async check({ host, uri }, step): Promise<Check> {
    const xml = await domainXml(host, uri, step.target.guest.uuid, { inactive: true, secrets: true });
    const now = lendsElement(xml);
    const same = (text: string | null) => fold(text) === fold(now);
    const state = same(step.after.xml) ? 'after' : same(step.before.xml) ? 'before' : 'other';
    return { state, shown: now === null ? 'no vfioctl element' : 'a vfioctl element', observed: { xml } };
  },

  act(context, step, started) {
    return lendsSet(context, step, step.after.xml, started);
  },

  async undo(context, step, done, started) {
    const { host, uri } = context;
    const now = await domainXml(host, uri, step.target.guest.uuid, { inactive: true, secrets: true });
    const { xml } = done.before;
    const alone = xml !== undefined && definitionsAgree(lendsRemove(xml), lendsRemove(now));
    if (alone && now === done.after?.xml) return domainDefine(host, uri, xml, started);
    return lendsSet(context, step, step.before.xml, started);
  },
};

/**
 * The element is set without white space between its parts: libvirt keeps what it is given by `metadata` and lays out
 * anew what it is given by `define`, so that only an element without a layout comes back the same from both. It is
 * removed by `define`, since `metadata --remove` leaves an empty `<metadata/>` behind.
 */
async function lendsSet(
  { host, uri }: ApplyContext,
  step: GuestMetadataStep,
  xml: string | null,
  started: ChildStarted,
): Promise<void> {
  const { uuid } = step.target.guest;
  if (xml !== null) {
    const flat = xml.replace(/>\s+</g, '><');
    return domainMetadataSet(host, uri, uuid, 'vfioctl', LENDS_NAMESPACE, flat, started);
  }
  const now = await domainXml(host, uri, uuid, { inactive: true, secrets: true });
  return domainDefine(host, uri, lendsRemove(now), started);
}

/** libvirt keeps the element but indents it and quotes in its own way. */
function fold(xml: string | null): string | null {
  return xml === null
    ? null
    : xml.replace(/"/g, "'").replace(/\s+/g, ' ').replace(/> </g, '><').replace(/ ?\/>/g, '/>').trim();
}
