/**
 * The snapshot: everything that we know of a host at one moment, as plain JSON.
 *
 * A plain value was read. `null` is absent: we looked, and it is not there. A key that is missing was not read:
 * then `gaps` says what and why, and `factOf` (gap.ts) is the one way to ask. Additive within a schema version.
 *
 * Addresses are `dddd:bb:ss.f` in lower-case hexadecimal. Ids are four hexadecimal digits without `0x`,
 * classes six. Sizes of memory are in KiB, as the kernel and libvirt give them.
 */
import * as z from 'zod/mini';
import { Group, PciFunction } from './snapshot-pci.ts';
import { Uses } from './snapshot-uses.ts';

export { Bar, Capabilities, Group, PciFunction } from './snapshot-pci.ts';
export { Holder } from './snapshot-uses.ts';

export const Gap = z.object({
  /** Which fact: a section of the snapshot, or section and key, such as `functions.driverOverride`. */
  fact: z.string(),
  /** Of what: an address, a guest's UUID; null for the host. */
  subject: z.nullable(z.string()),
  state: z.enum(['unreadable', 'not-asked']),
  path: z.nullable(z.string()),
  why: z.string(),
});

export const Guest = z.object({
  uuid: z.string(),
  name: z.string(),
  /** As libvirt says it: `running`, `shut off`, `paused`, … */
  state: z.string(),
  autostart: z.boolean(),
  persistent: z.boolean(),
  managedSave: z.boolean(),
  snapshots: z.nullable(z.number()),
  /** Definition that holds from the next start, without secrets. */
  inactiveXml: z.string(),
  /** Definition of the running instance, without secrets; null while it is off. */
  liveXml: z.nullable(z.string()),
  /** Its QEMU, when the host shows it. */
  pid: z.nullable(z.number()),
  /** Where the storage pools lie that its disks are volumes of: devices, and directories with a slash at their end. */
  pools: z.optional(z.array(z.string())),
  /** What vfio nodes its QEMU holds open (`/dev/vfio/7`, `/dev/vfio/devices/vfio0`); missing when not readable. */
  vfioNodes: z.optional(z.array(z.string())),
});

export const Snapshot = z.object({
  schema: z.literal('vfioctl/snapshot/1'),
  made: z.object({
    by: z.string(),
    at: z.string(),
    bootId: z.nullable(z.string()),
    origin: z.object({ kind: z.enum(['live', 'root', 'capture', 'simulated']), name: z.string() }),
    root: z.boolean(),
  }),
  cpu: z.optional(
    z.object({
      vendor: z.nullable(z.string()),
      model: z.nullable(z.string()),
      virtualization: z.nullable(z.enum(['vmx', 'svm'])),
      /** Is there a /dev/kvm. */
      kvm: z.boolean(),
    }),
  ),
  kernel: z.optional(
    z.object({
      release: z.string(),
      commandLine: z.string(),
      lockdown: z.nullable(z.string()),
      /** The IOMMU, VFIO, KVM and sound options of the kernel's configuration; null when it is nowhere. */
      config: z.nullable(z.record(z.string(), z.string())),
      /** NAME and ID of /etc/os-release. */
      distribution: z.nullable(z.object({ id: z.string(), name: z.string() })),
    }),
  ),
  iommu: z.optional(
    z.object({
      /** ACPI tables that describe an IOMMU, of DMAR, IVRS and IORT; null when there are no ACPI tables to see. */
      tables: z.nullable(z.array(z.string())),
      /** Names in /sys/class/iommu (`dmar0`, `ivhd0`, `smmu3.0x…`). */
      units: z.array(z.string()),
      /** How many groups hold a PCI function: the one proof that the IOMMU is on. */
      pciGroups: z.number(),
      /** From the kernel log and the interrupt chips' names (`IR-`); null when neither says. */
      interruptRemapping: z.nullable(z.boolean()),
      /** `vfio_iommu_type1.allow_unsafe_interrupts`, null while the module is not loaded. */
      unsafeInterrupts: z.nullable(z.boolean()),
    }),
  ),
  functions: z.optional(z.array(PciFunction)),
  groups: z.optional(z.array(Group)),
  modules: z.optional(
    z.object({
      loaded: z.record(z.string(), z.object({ references: z.number(), holders: z.array(z.string()) })),
      /** `loaded`, `built-in`, `available` on disk, or `missing`. */
      vfioPci: z.enum(['loaded', 'built-in', 'available', 'missing']),
      blacklisted: z.array(z.string()),
      /** `options MODULE …` lines of modprobe.d. */
      options: z.optional(z.array(z.object({ module: z.string(), text: z.string(), path: z.string() }))),
    }),
  ),
  vfio: z.optional(
    z.object({
      /** /dev/vfio/vfio exists: libvirt asks for it before it asks for anything else. */
      control: z.boolean(),
      /** Groups with a node in /dev/vfio: every function of theirs may be lent now. */
      groups: z.array(z.number()),
    }),
  ),
  interrupts: z.optional(
    z.array(z.object({ irq: z.string(), count: z.number(), chip: z.string(), name: z.string() })),
  ),
  log: z.optional(z.object({ source: z.string(), lines: z.array(z.string()), cut: z.boolean() })),
  ...Uses,
  security: z.optional(
    z.object({
      selinux: z.nullable(z.enum(['enforcing', 'permissive'])),
      apparmor: z.nullable(z.boolean()),
      /** Lines of the kernel or audit log that deny something to a guest's QEMU or to libvirt. */
      denials: z.array(z.string()),
    }),
  ),
  memory: z.optional(z.object({ totalKiB: z.number(), availableKiB: z.number() })),
  libvirt: z.optional(
    z.object({
      uri: z.string(),
      version: z.nullable(z.string()),
      /** `<iommu support=…>` of its capabilities. */
      iommuSupport: z.nullable(z.boolean()),
      guests: z.array(Guest),
      /** Virtual networks, and the host interfaces that their traffic leaves by (`<forward dev=…>`). */
      networks: z.optional(
        z.array(
          z.object({
            name: z.string(),
            active: z.boolean(),
            bridge: z.nullable(z.string()),
            uplinks: z.array(z.string()),
          }),
        ),
      ),
    }),
  ),
  gaps: z.array(Gap),
});

export type Gap = z.infer<typeof Gap>;
export type Guest = z.infer<typeof Guest>;
export type Snapshot = z.infer<typeof Snapshot>;

/** What may be asked for. A section is read whole; `config`, `override` and `details` add keys to `functions`. */
export type Need =
  | 'cpu'
  | 'kernel'
  | 'iommu'
  | 'functions'
  | 'config'
  | 'override'
  | 'details'
  | 'groups'
  | 'modules'
  | 'vfio'
  | 'interrupts'
  | 'log'
  | 'sound'
  | 'network'
  | 'storage'
  | 'display'
  | 'console'
  | 'input'
  | 'usb'
  | 'nodes'
  | 'security'
  | 'memory'
  | 'libvirt';
