/** What the host does with its functions: the sections of a snapshot that guards are judged by. */
import * as z from 'zod/mini';

/** One thing that the host keeps on a disk, and the way up to it. */
const StorageHold = z.object({
  /** `volume`: a member of an assembled volume without a mount or swap; `pool`: of ZFS or btrfs; `open`: raw. */
  kind: z.enum(['mount', 'swap', 'crash-dump', 'esp', 'volume', 'pool', 'open']),
  /** Mount point, swap device or file, dump target, partition, volume or pool; `postgres (pid 812)` that has it open. */
  name: z.string(),
  /** From the disk upwards, itself left out: `sda3`, `luks-root (dm-crypt)`, `vg0-root (LVM)`. */
  through: z.array(z.string()),
});

/** Something that reaches another machine through an interface, and is gone without it. */
const NetworkLoad = z.object({
  kind: z.enum(['ssh', 'nfs', 'iscsi', 'cifs', 'nbd', 'nvme', 'ceph']),
  /** Address of the other side. */
  peer: z.string(),
  /** What is lost: a session, a mount point, a disk: `/home`, `sdb (/data)`, `your own SSH session`. */
  what: z.string(),
});

export const Holder = z.object({ pid: z.number(), command: z.string(), path: z.string() });

/** Sections of the snapshot. */
export const Uses = {
  sound: z.optional(
    z.array(
      z.object({
        card: z.number(),
        id: z.string(),
        name: z.string(),
        function: z.nullable(z.string()),
        /** Who has one of its PCM nodes open; missing when that could not be read. */
        openBy: z.optional(z.array(Holder)),
        /** Who has its mixer or another node of it open: no use, but the driver waits for them too. */
        alsoOpenBy: z.optional(z.array(Holder)),
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
};

export type Holder = z.infer<typeof Holder>;
