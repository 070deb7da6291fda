import { collect } from '../facts/collect.ts';
import { namesOf } from '../facts/names.ts';
import type { Need } from '../facts/snapshot.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { libvirtHint } from '../host/libvirt/virsh.ts';
import type { GuestModel } from '../model/guest.ts';
import { type HostModel, modelOf } from '../model/model.ts';
import type { FunctionName } from '../model/selector.ts';
import type { CliContext } from './context.ts';
import { type LookFlags, uriOf } from './flags.ts';

/** What proofs need besides what they read themselves. */
export const VERIFY_NEEDS: readonly Need[] = ['functions', 'groups', 'libvirt'];

/** A guest that still boots is waited for this long. */
export const BOOT_MS = 60_000;

/** A host that was looked at. */
export interface Look {
  readonly host: Host;
  readonly uri: string;
  readonly model: HostModel;
  readonly name: FunctionName;
  /** Looks again: the host may have changed while somebody was asked. */
  again(): Promise<HostModel>;
}

export async function lookAt(context: CliContext, flags: LookFlags, needs: readonly Need[]): Promise<Look> {
  const uri = uriOf(flags, context.env);
  const host = await context.open(flags.host);
  const again = async () => modelOf(await collect(host, needs, { uri }));
  return { host, uri, model: await again(), name: namesOf(host).function, again };
}

/** The guest by name, or by UUID; a guest may be called `5`, so that no number is ever taken for a running id. */
export function guestResolve(model: HostModel, text: string): GuestModel {
  if (model.snapshot.libvirt === undefined) throw libvirtMissing(model);
  const guest =
    model.guests.find((g) => g.name === text) ?? model.guests.find((g) => g.uuid === text.toLowerCase());
  if (guest) return guest;
  const names = model.guests.map((g) => g.name).join(', ');
  throw new Failure(
    'not-found',
    `there is no guest '${text}'`,
    names === '' ? 'libvirt knows no guest yet' : `there are: ${names}`,
  );
}

/** libvirt did not answer, and the command cannot do without it. */
export function libvirtMissing(model: HostModel): Failure {
  const gap = model.snapshot.gaps.find((g) => g.fact === 'libvirt');
  const why = gap?.why ?? 'not asked';
  return new Failure('no-libvirt', `libvirt does not answer: ${why}`, libvirtHint(why));
}
