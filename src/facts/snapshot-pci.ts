/** PCI functions and their IOMMU groups, as a snapshot holds them; snapshot.ts says how to read one. */
import * as z from 'zod/mini';

export const Capabilities = z.object({
  /** Function level reset by the PCIe capability, or by Advanced Features. */
  flr: z.boolean(),
  afFlr: z.boolean(),
  /** Power management capability; `pmReset` when D3hot to D0 resets it (No_Soft_Reset is clear). */
  pm: z.boolean(),
  pmReset: z.boolean(),
  msi: z.boolean(),
  msix: z.boolean(),
  /** PCIe device/port type, null for conventional PCI. */
  pcieType: z.nullable(z.string()),
  /** Config space answers with nothing but ones: the function is gone or asleep for good. */
  allOnes: z.boolean(),
  headerType: z.number(),
  interruptPin: z.number(),
  /** From the extended space, which only root may read; missing then. */
  acs: z.optional(z.nullable(z.array(z.string()))),
  sriov: z.optional(z.boolean()),
});

export const Bar = z.object({
  index: z.number(),
  start: z.string(),
  bytes: z.number(),
  kind: z.enum(['memory', 'io']),
  prefetchable: z.boolean(),
  wide: z.boolean(),
});

export const PciFunction = z.object({
  address: z.string(),
  vendor: z.string(),
  device: z.string(),
  subsystemVendor: z.nullable(z.string()),
  subsystemDevice: z.nullable(z.string()),
  revision: z.optional(z.string()),
  class: z.string(),
  /** Bridges pass traffic and never block a group; only endpoints are lent. */
  bridge: z.boolean(),
  driver: z.nullable(z.string()),
  driverOverride: z.optional(z.nullable(z.string())),
  group: z.nullable(z.number()),
  /** Bridges from the root bus down to the function. */
  path: z.array(z.string()),
  numaNode: z.optional(z.nullable(z.number())),
  physicalFunction: z.nullable(z.string()),
  virtualFunctions: z.array(z.string()),
  virtualFunctionsPossible: z.nullable(z.number()),
  /** As the kernel lists them, first tried first; empty: it knows no way to reset this function. */
  resetMethods: z.optional(z.nullable(z.array(z.string()))),
  powerState: z.optional(z.nullable(z.string())),
  runtimeStatus: z.nullable(z.string()),
  bootVga: z.nullable(z.boolean()),
  irq: z.optional(z.nullable(z.number())),
  msiIrqs: z.optional(z.array(z.number())),
  bars: z.optional(z.array(Bar)),
  capabilities: z.optional(Capabilities),
});

export const Group = z.object({
  number: z.number(),
  /** DMA, DMA-FQ, identity, blocked, unmanaged; null on kernels that do not say. */
  type: z.nullable(z.string()),
  functions: z.array(z.string()),
  /** Devices of the group that are no PCI functions. */
  others: z.array(z.string()),
  reservedRegions: z.array(z.object({ start: z.string(), end: z.string(), type: z.string() })),
});

export type Capabilities = z.infer<typeof Capabilities>;
export type Bar = z.infer<typeof Bar>;
export type PciFunction = z.infer<typeof PciFunction>;
export type Group = z.infer<typeof Group>;
