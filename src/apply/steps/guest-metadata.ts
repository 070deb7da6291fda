import { LENDS_NAMESPACE, lendsElement } from '../../edit/xml/metadata.ts';
import { domainDefine, domainMetadataSet, domainXml } from '../../host/libvirt/domain.ts';
import type { GuestMetadataStep } from '../../plan/step.ts';
import type { Check, StepKind } from './kind.ts';

/** Identity travels with the guest: our element in its `<metadata>` says who was lent. */
export const guestMetadata: StepKind<GuestMetadataStep> = {
  kind: 'guest-metadata',
  survivesReboot: true,
  settleMs: 0,

  async check({ host, uri }, step): Promise<Check> {
    const xml = await domainXml(host, uri, step.target.guest.uuid, { inactive: true, secrets: true });
    const now = lendsElement(xml);
    const same = (text: string | null) => fold(text) === fold(now);
    const state = same(step.after.xml) ? 'after' : same(step.before.xml) ? 'before' : 'other';
    return { state, shown: now === null ? 'no vfioctl element' : 'a vfioctl element', observed: { xml } };
  },

  async act({ host, uri }, step, started) {
    await domainMetadataSet(
      host,
      uri,
      step.target.guest.uuid,
      'vfioctl',
      LENDS_NAMESPACE,
      step.after.xml,
      started,
    );
  },

  async undo({ host, uri }, step, done) {
    const { uuid } = step.target.guest;
    const now = await domainXml(host, uri, uuid, { inactive: true, secrets: true });
    if (done.before.xml !== undefined && now === done.after?.xml)
      return domainDefine(host, uri, done.before.xml);
    await domainMetadataSet(host, uri, uuid, 'vfioctl', LENDS_NAMESPACE, step.before.xml);
  },
};

/** libvirt keeps the element but indents it and quotes in its own way. */
function fold(xml: string | null): string | null {
  return xml === null
    ? null
    : xml.replace(/"/g, "'").replace(/\s+/g, ' ').replace(/> </g, '><').replace(/ ?\/>/g, '/>').trim();
}
