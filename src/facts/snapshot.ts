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

export const Gap = z.object({
  /** Which fact: a section of the snapshot, or section and key, such as `functions.driverOverride`. */
  fact: z.string(),
  /** Of what: an address, a guest's UUID; null for the host. */
  subject: z.nullable(z.string()),
  state: z.enum(['unreadable', 'not-asked']),
  path: z.nullable(z.string()),
  why: z.string(),
});

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
  revision: z.string(),
  class: z.string(),
  /** Bridges pass traffic and never block a group; only endpoints are lent. */
  bridge: z.boolean(),
  driver: z.nullable(z.string()),
  driverOverride: z.optional(z.nullable(z.string())),
  group: z.nullable(z.number()),
  /** Bridges from the root bus down to the function. */
  path: z.array(z.string()),
  numaNode: z.nullable(z.number()),
  physicalFunction: z.nullable(z.string()),
  virtualFunctions: z.array(z.string()),
  virtualFunctionsPossible: z.nullable(z.number()),
  /** As the kernel lists them, first tried first; empty: it knows no way to reset this function. */
  resetMethods: z.optional(z.nullable(z.array(z.string()))),
  powerState: z.nullable(z.string()),
  runtimeStatus: z.nullable(z.string()),
  bootVga: z.nullable(z.boolean()),
  irq: z.nullable(z.number()),
  msiIrqs: z.array(z.number()),
  bars: z.array(Bar),
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

/** One thing that the host keeps on a disk, and the way up to it. */
const StorageHold = z.object({
  /** `volume`: a member of an assembled volume without a mount or swap; `pool`: of ZFS or btrfs. */
  kind: z.enum(['mount', 'swap', 'crash-dump', 'esp', 'volume', 'pool']),
  /** Mount point, swap device or file, dump target, partition, volume or pool. */
  name: z.string(),
  /** From the disk upwards, itself left out: `sda3`, `luks-root (dm-crypt)`, `vg0-root (LVM)`. */
  through: z.array(z.string()),
});

/** Something that reaches another machine through an interface, and is gone without it. */
const NetworkLoad = z.object({
  kind: z.enum(['ssh', 'nfs', 'iscsi', 'cifs', 'nbd', 'ceph']),
  /** Address of the other side. */
  peer: z.string(),
  /** What is lost: a session, a mount point, a disk: `/home`, `sdb (/data)`, `your own SSH session`. */
  what: z.string(),
});

export const Holder = z.object({ pid: z.number(), command: z.string(), path: z.string() });

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
  sound: z.optional(
    z.array(
      z.object({
        card: z.number(),
        id: z.string(),
        name: z.string(),
        function: z.nullable(z.string()),
        /** Who has one of its PCM nodes open; missing when that could not be read. */
        openBy: z.optional(z.array(Holder)),
      }),
    ),
  ),
  network: z.optional(
    z.array(
      z.object({
        name: z.string(),
        function: z.nullable(z.string()),
        up: z.boolean(),
        carrier: z.nullable(z.boolean()),
        master: z.nullable(z.string()),
        /** Itself or what stands on it, of either address family. */
        defaultRoute: z.boolean(),
        /** Interfaces that stand on it (VLAN, macvlan, bridge, bond, team, virtual switch), all the way up. */
        uppers: z.optional(z.array(z.string())),
        /** What reaches other machines through it or through what stands on it. */
        loads: z.optional(z.array(NetworkLoad)),
      }),
    ),
  ),
  storage: z.optional(
    z.array(
      z.object({
        name: z.string(),
        function: z.nullable(z.string()),
        mounts: z.array(z.string()),
        swap: z.boolean(),
        /** `sata`, `nvme`, `sas`, `usb`, `virtio`, `mmc`; null where the path does not tell. */
        transport: z.optional(z.nullable(z.string())),
        /** Everything that the host keeps on it, mounts and swap included. */
        holds: z.optional(z.array(StorageHold)),
        /** Device paths that lead to it: itself, its partitions and volumes, and links to those below /dev. */
        paths: z.optional(z.array(z.string())),
      }),
    ),
  ),
  display: z.optional(
    z.array(
      z.object({ name: z.string(), function: z.nullable(z.string()), openBy: z.optional(z.array(Holder)) }),
    ),
  ),
  /** What the host's own screen stands on. */
  console: z.optional(
    z.object({
      framebuffers: z.array(
        z.object({
          name: z.string(),
          driver: z.nullable(z.string()),
          function: z.nullable(z.string()),
          /** A text console shows on it. */
          console: z.boolean(),
        }),
      ),
      /** Framebuffers of the firmware in /proc/iomem; missing when addresses are hidden (only root sees them). */
      memory: z.optional(
        z.array(
          z.object({
            name: z.string(),
            start: z.string(),
            end: z.string(),
            function: z.nullable(z.string()),
          }),
        ),
      ),
    }),
  ),
  /** Keyboards and pointers, also those on no PCI function (PS/2). */
  input: z.optional(
    z.array(
      z.object({
        name: z.string(),
        function: z.nullable(z.string()),
        keyboard: z.boolean(),
        pointer: z.boolean(),
      }),
    ),
  ),
  /** Devices on USB, hubs left out. */
  usb: z.optional(
    z.array(
      z.object({
        /** `1-4.2`. */
        name: z.string(),
        product: z.nullable(z.string()),
        function: z.nullable(z.string()),
        /** Classes of its interfaces, two hexadecimal digits: 03 input, 08 storage, 01 sound, e0 wireless. */
        classes: z.array(z.string()),
      }),
    ),
  ),
  /** Other device nodes of a function (video, serial, /dev/nvidia0, IPMI) that somebody has open. */
  nodes: z.optional(
    z.array(
      z.object({ path: z.string(), function: z.nullable(z.string()), openBy: z.optional(z.array(Holder)) }),
    ),
  ),
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
export type Capabilities = z.infer<typeof Capabilities>;
export type Bar = z.infer<typeof Bar>;
export type PciFunction = z.infer<typeof PciFunction>;
export type Group = z.infer<typeof Group>;
export type Holder = z.infer<typeof Holder>;
export type Guest = z.infer<typeof Guest>;
export type Snapshot = z.infer<typeof Snapshot>;

/** What may be asked for. A section is read whole; `config` and `override` add keys to `functions`. */
export type Need =
  | 'cpu'
  | 'kernel'
  | 'iommu'
  | 'functions'
  | 'config'
  | 'override'
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
