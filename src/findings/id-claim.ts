/** Functions claimed for passthrough by what they are, not by where they are: the `ids=` of vfio-pci and pci-stub. */
import type { PciFunction, Snapshot } from '../facts/snapshot.ts';

/** One id of one such list. */
export interface IdClaim {
  /** As a person writes it: `vfio-pci ids=10de:1ff2`. */
  readonly ids: string;
  /** Where it stands, and the line or word there. */
  readonly source: string;
  readonly text: string;
  /** vendor, device, subsystem vendor and device, class, class mask; null matches any. */
  readonly fields: readonly (number | null)[];
}

const ANY = 0xffff_ffff;

const claims = new WeakMap<Snapshot, readonly IdClaim[]>();

/** All claims of the kernel command line and of modprobe.d, as far as these were read. */
export function claimsOf(snapshot: Snapshot): readonly IdClaim[] {
  const known = claims.get(snapshot) ?? claimsRead(snapshot);
  claims.set(snapshot, known);
  return known;
}

function claimsRead({ kernel, modules }: Snapshot): IdClaim[] {
  // modprobe reads MODULE.OPTION=VALUE from the command line, also for what is no part of the kernel.
  const words = (kernel?.commandLine ?? '').split(/\s+/).flatMap((text) => {
    const [, module, list] = /^(vfio[-_]pci|pci[-_]stub)\.ids=(\S+)$/.exec(text) ?? [];
    return module && list ? [{ module, list, source: '/proc/cmdline', text }] : [];
  });
  const options = (modules?.options ?? []).flatMap(({ module, text, path }) => {
    const [, list] = /(?:^|\s)ids=(\S+)/.exec(text) ?? [];
    return /^(vfio[-_]pci|pci[-_]stub)$/.test(module) && list ? [{ module, list, source: path, text }] : [];
  });
  return [...words, ...options].flatMap(({ module, list, source, text }) =>
    list
      .replaceAll('"', '')
      .split(',')
      .map((one) => ({
        ids: `${module.replaceAll('_', '-')} ids=${one}`,
        source,
        text,
        fields: fieldsOf(one),
      }))
      .filter((claim) => claim.fields.length >= 2),
  );
}

/** `vendor:device[:subvendor[:subdevice[:class[:mask]]]]` in hexadecimal, as vfio_pci_fill_ids reads it. */
function fieldsOf(id: string): (number | null)[] {
  if (!/^[0-9a-f]{1,8}(:[0-9a-f]{1,8}){1,5}$/i.test(id)) return [];
  return id
    .split(':')
    .map((field) => Number.parseInt(field, 16))
    .map((number, i) => (number === ANY && i < 4 ? null : number));
}

export function claimMatches({ fields }: IdClaim, fn: PciFunction): boolean {
  const [vendor, device, subVendor = null, subDevice = null, code, mask] = fields;
  const same = (wanted: number | null | undefined, has: string | null) =>
    wanted == null || wanted === Number.parseInt(has ?? '0', 16);
  // A mask of zero, which is the default, lets every class through.
  const classes = (Number.parseInt(fn.class, 16) ^ (code ?? 0)) & (mask ?? 0);
  return (
    same(vendor, fn.vendor) &&
    same(device, fn.device) &&
    same(subVendor, fn.subsystemVendor) &&
    same(subDevice, fn.subsystemDevice) &&
    classes === 0
  );
}
