/**
 * A step is data: what to change, how it is before, how it shall be after. The table in apply/steps knows how to
 * check, do and undo each kind. Undo is derived from `before`, never from memory.
 */
import * as z from 'zod/mini';

export const GuestRef = z.object({ uuid: z.string(), name: z.string() });

const stepOf = <K extends string, T extends z.core.$ZodType, S extends z.core.$ZodType>(
  kind: K,
  target: T,
  state: S,
) => z.object({ id: z.string(), kind: z.literal(kind), target, before: state, after: state });

/** The `<hostdev>` of one function in one guest: its XML, or null when it is not there. */
export const GuestHostdevStep = stepOf(
  'guest-hostdev',
  z.object({ guest: GuestRef, address: z.string(), scope: z.enum(['config', 'live']) }),
  z.object({ xml: z.nullable(z.string()) }),
);

/** Our element in the guest's `<metadata>`: who was lent, by identity. Null when there is none. */
export const GuestMetadataStep = stepOf(
  'guest-metadata',
  z.object({ guest: GuestRef }),
  z.object({ xml: z.nullable(z.string()) }),
);

export const GuestStartStep = stepOf(
  'guest-start',
  z.object({ guest: GuestRef }),
  z.object({ running: z.boolean() }),
);

/** Whether the guest starts with the host. */
export const GuestAutostartStep = stepOf(
  'guest-autostart',
  z.object({ guest: GuestRef }),
  z.object({ on: z.boolean() }),
);

/** Which driver holds a function. `after.driver` null: whichever the kernel picks, but no vfio driver. */
export const DriverBindStep = stepOf(
  'driver-bind',
  z.object({ address: z.string() }),
  z.object({ driver: z.nullable(z.string()) }),
);

export const ModuleLoadStep = stepOf(
  'module-load',
  z.object({ module: z.string() }),
  z.object({ loaded: z.boolean() }),
);

/** A kernel argument, set through the distribution's own tool. */
export const KernelArgumentStep = stepOf(
  'kernel-argument',
  z.object({ argument: z.string(), tool: z.enum(['grubby']) }),
  z.object({ present: z.boolean() }),
);

export const RebootStep = stepOf(
  'reboot',
  z.object({ why: z.string() }),
  z.object({ bootId: z.nullable(z.string()) }),
);

export const Step = z.discriminatedUnion('kind', [
  GuestHostdevStep,
  GuestMetadataStep,
  GuestStartStep,
  GuestAutostartStep,
  DriverBindStep,
  ModuleLoadStep,
  KernelArgumentStep,
  RebootStep,
]);

export type GuestRef = z.infer<typeof GuestRef>;
export type GuestHostdevStep = z.infer<typeof GuestHostdevStep>;
export type GuestMetadataStep = z.infer<typeof GuestMetadataStep>;
export type GuestStartStep = z.infer<typeof GuestStartStep>;
export type GuestAutostartStep = z.infer<typeof GuestAutostartStep>;
export type DriverBindStep = z.infer<typeof DriverBindStep>;
export type ModuleLoadStep = z.infer<typeof ModuleLoadStep>;
export type KernelArgumentStep = z.infer<typeof KernelArgumentStep>;
export type RebootStep = z.infer<typeof RebootStep>;
export type Step = z.infer<typeof Step>;
export type StepKind = Step['kind'];
