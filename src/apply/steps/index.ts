import type { Step, StepKind as StepKindName } from '../../plan/step.ts';
import { driverBind } from './driver-bind.ts';
import { guestAutostart } from './guest-autostart.ts';
import { guestHostdev } from './guest-hostdev.ts';
import { guestMetadata } from './guest-metadata.ts';
import { guestStart } from './guest-start.ts';
import { kernelArgument } from './kernel-argument.ts';
import type { StepKind } from './kind.ts';
import { moduleLoad } from './module-load.ts';
import { reboot } from './reboot.ts';

type StepTable = { readonly [K in StepKindName]: StepKind<Extract<Step, { kind: K }>> };

const table: StepTable = {
  'guest-hostdev': guestHostdev,
  'guest-metadata': guestMetadata,
  'guest-start': guestStart,
  'guest-autostart': guestAutostart,
  'driver-bind': driverBind,
  'module-load': moduleLoad,
  'kernel-argument': kernelArgument,
  reboot,
};

/** The one table of step kinds. */
export function stepKind<S extends Step>(step: S): StepKind<S> {
  return table[step.kind] as unknown as StepKind<S>;
}
