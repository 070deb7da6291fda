/** The documents that `--json` prints and that no other stage owns. Types only are imported at run time. */
import * as z from 'zod/mini';
import { RunRecord } from '../apply/record.ts';
import { PciFunction } from '../facts/snapshot.ts';
import { Proof } from '../proof/proof.ts';

const VerdictDocument = z.object({
  word: z.enum(['free', 'needs mates', 'used by the host', 'lent', 'guarded', 'unknown', 'impossible']),
  text: z.string(),
});

export const ListDocument = z.object({
  schema: z.literal('vfioctl/list/1'),
  functions: z.array(
    z.object({
      address: z.string(),
      /** `vendor:device`. */
      id: z.string(),
      class: z.string(),
      name: z.string(),
      bridge: z.boolean(),
      driver: z.nullable(z.string()),
      group: z.nullable(z.number()),
      verdict: VerdictDocument,
      /** Guests that have it, running or not. */
      guests: z.array(z.string()),
    }),
  ),
});

export const ShowDocument = z.object({
  schema: z.literal('vfioctl/show/1'),
  functions: z.array(
    z.extend(PciFunction, {
      name: z.string(),
      /** Endpoints that share its group; null when it is in no group. */
      mates: z.nullable(z.array(z.string())),
      verdict: VerdictDocument,
      guests: z.array(z.string()),
      /** Ready-made element for a guest's definition. */
      xml: z.string(),
    }),
  ),
});

export const PendingRun = z.object({
  run: z.number(),
  verb: z.string(),
  /** `armed`: done, and taken back at `due` (ISO) unless it is kept. `unkept`: nobody kept it before a reboot. */
  status: z.enum(['partial', 'unknown', 'open', 'waiting', 'armed', 'unkept']),
  due: z.optional(z.string()),
});

export const StatusDocument = z.object({
  schema: z.literal('vfioctl/status/1'),
  readiness: z.object({
    verdict: z.enum(['ready', 'off in the kernel', 'off in firmware', 'unknown']),
    why: z.string(),
    /** The kernel argument that turns the IOMMU on. */
    argument: z.nullable(z.string()),
  }),
  lends: z.array(
    z.object({
      address: z.string(),
      name: z.string(),
      guest: z.string(),
      /** In the definition that holds from the next start. */
      configured: z.boolean(),
      /** In the instance that runs now. */
      live: z.boolean(),
      /** Made by vfioctl; else by hand or by another tool. */
      ours: z.boolean(),
      managed: z.boolean(),
      driver: z.nullable(z.string()),
    }),
  ),
  /** Guests whose autostart was taken away for a new lend, and is off until they have been proven. */
  braked: z.array(z.string()),
  odd: z.array(z.string()),
  /** Runs that are not at their end; null when this user may not read the journal. */
  runs: z.nullable(z.array(PendingRun)),
  /** The next sensible command. */
  next: z.string(),
});

export const HistoryDocument = z.object({
  schema: z.literal('vfioctl/history/1'),
  runs: z.array(
    z.object({
      run: z.number(),
      at: z.string(),
      status: z.enum(['done', 'undone', 'partial', 'unknown', 'open', 'waiting']),
      verb: RunRecord.shape.plan.shape.verb,
      functions: z.array(z.string()),
      guest: z.nullable(z.string()),
      command: z.array(z.string()),
      /** When its dead-man switch takes it back (ISO); missing when none is armed. */
      due: z.optional(z.string()),
    }),
  ),
  /** Journals that this version cannot read. */
  unreadable: z.optional(z.array(z.object({ run: z.number(), why: z.string() }))),
});

export const KeepDocument = z.object({
  schema: z.literal('vfioctl/keep/1'),
  run: z.number(),
  /** False when there was nothing to keep it from. */
  changed: z.boolean(),
});

export const TryDocument = z.object({
  schema: z.literal('vfioctl/try/1'),
  /** The simulated board. */
  host: z.string(),
  steps: z.array(z.object({ command: z.string(), exit: z.number(), expected: z.number() })),
  proofs: z.array(Proof),
  /** Driver of every function at the end, by address. */
  final: z.record(z.string(), z.nullable(z.string())),
});

/** One line of `--events`; the last line is the result's own document. */
export const EventDocument = z.object({ schema: z.literal('vfioctl/event/1'), text: z.string() });

export const FailureDocument = z.object({
  schema: z.literal('vfioctl/failure/1'),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
});

export type ListDocument = z.infer<typeof ListDocument>;
export type ShowDocument = z.infer<typeof ShowDocument>;
export type StatusDocument = z.infer<typeof StatusDocument>;
export type PendingRun = z.infer<typeof PendingRun>;
export type HistoryDocument = z.infer<typeof HistoryDocument>;
export type KeepDocument = z.infer<typeof KeepDocument>;
export type TryDocument = z.infer<typeof TryDocument>;
export type EventDocument = z.infer<typeof EventDocument>;
export type FailureDocument = z.infer<typeof FailureDocument>;
