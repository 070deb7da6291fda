/**
 * A board: a machine as plain data, from which the simulated host builds its trees. Everything that differs between
 * two machines stands here; everything that is the same on each Linux stands in the builders.
 *
 * Addresses are `dddd:bb:ss.f`, ids four and classes six hexadecimal digits, all lower-case and without `0x`.
 */

interface BoardBar {
  readonly index: number;
  readonly start: number;
  readonly bytes: number;
  readonly kind: 'memory' | 'io';
  /** 64 bits wide: takes the next index too. */
  readonly wide?: boolean;
  readonly prefetchable?: boolean;
}

export interface BoardFunction {
  readonly address: string;
  readonly vendor: string;
  readonly device: string;
  readonly subsystemVendor: string;
  readonly subsystemDevice: string;
  readonly revision: string;
  readonly class: string;
  /** Name of the device in pci.ids. */
  readonly name: string;
  /** The bridge that it sits behind; null on the root bus. */
  readonly behind: string | null;
  /** For a bridge: the bus below it. */
  readonly secondaryBus: number | null;
  /** The host's own driver and the module that holds it (null: built in); null when the kernel has none for it. */
  readonly driver: { readonly name: string; readonly module: string | null } | null;
  /** IOMMU group that the kernel puts it in while the IOMMU is on; null for what is in none (an AMD IOMMU itself). */
  readonly group: number | null;
  /** Interrupt pin A to D as 1 to 4, 0 for none, and the line that it is routed to without MSI. */
  readonly pin: number;
  readonly line: number;
  /** Whether host and guest drivers use MSI; a guest may be left with INTx where the host is not. */
  readonly msi: boolean;
  readonly guestMsi: boolean;
  /** PCI Express device/port type, null for conventional PCI. */
  readonly pcie: 'endpoint' | 'root-port' | 'integrated-endpoint' | null;
  /** Function level reset by the PCI Express capability, or by Advanced Features. */
  readonly flr: boolean;
  readonly afFlr: boolean;
  readonly pm: boolean;
  readonly resetMethods: readonly string[];
  readonly bars: readonly BoardBar[];
  /** Firmware maps these one to one for it (RMRR); relaxable ones do not stand in the way of lending. */
  readonly reserved: readonly { readonly start: number; readonly end: number; readonly type: string }[];
  readonly sound: BoardSound | null;
  readonly network: BoardNetwork | null;
  readonly disk: BoardDisk | null;
  /** A directory of the machine around this one, mounted by 9p. */
  readonly share: { readonly tag: string; readonly mount: string } | null;
  /** Number of the DRM card; its connectors are left out. */
  readonly drm: number | null;
  readonly bootVga: boolean;
}

export interface BoardSound {
  /** ALSA's id and name of the card. */
  readonly id: string;
  readonly name: string;
  /** Codec module without `snd_hda_codec_`, chip, pin and type of its line out, as the kernel log names them. */
  readonly codec: {
    readonly module: string;
    readonly chip: string;
    readonly pin: string;
    readonly out: string;
  };
  readonly capture: boolean;
}

export interface BoardNetwork {
  readonly name: string;
  readonly mac: string;
  /** Brought up by the host's administrator; without a cable it has no carrier all the same. */
  readonly up: boolean;
  readonly carrier: boolean;
  readonly defaultRoute: boolean;
}

/** A disk with one whole-disk file system, or with partitions of which the last may be an LVM physical volume. */
export interface BoardDisk {
  readonly name: string;
  readonly sectors: number;
  readonly partitions: readonly { readonly name: string; readonly mount: string | null }[];
  /** Logical volumes on the last partition. */
  readonly volumes: readonly {
    readonly name: string;
    readonly mount: string | null;
    readonly swap: boolean;
  }[];
  readonly mount: string | null;
}

/** `254:16` for vdb, `8:1` for sda1: sixteen numbers a disk, as virtio_blk and sd give them. */
export function diskNumber({ name }: BoardDisk, partition = 0): string {
  const major = name.startsWith('vd') ? 254 : 8;
  const disk = Math.max(0, (name.codePointAt(2) ?? 0) - 'a'.codePointAt(0)!);
  return `${major}:${disk * 16 + partition}`;
}

/** What a guest does inside, beyond what its definition says. */
export interface BoardGuest {
  readonly uuid: string;
  /** Its definition as libvirt stores it, secrets included. */
  readonly xml: string;
  /** Does an agent answer inside, and may it run programs. */
  readonly agent: 'runs' | 'no-exec' | null;
  readonly autostart: boolean;
  /** Drivers that it lacks. */
  readonly withoutDrivers: readonly string[];
  /** The mixer stays muted, as a codec comes up. */
  readonly muted: boolean;
  /** Plays by itself as soon as it is up. */
  readonly plays: boolean;
}

/** The planted breakages that the machine itself must obey; the others change the board (faults.ts). */
export interface BoardBreakage {
  /** The card raises no interrupts, neither on the host nor in a guest. */
  readonly noInterrupts: boolean;
  /** Guests lack the driver of every card. */
  readonly noGuestDriver: boolean;
  /** What guests see in place of what was lent to them: `vendor:device`. */
  readonly wrongFunction: string | null;
  /** Mixers in guests are muted. */
  readonly cardMuted: boolean;
  /** The function whose host driver never lets go of it. */
  readonly stuckUnbind: string | null;
}

export interface Board {
  readonly name: string;
  /** From what it was constructed, in a sentence. */
  readonly source: string;
  readonly hostName: string;
  readonly cpu: {
    readonly vendor: string;
    readonly model: string;
    readonly flag: 'vmx' | 'svm';
    readonly count: number;
  };
  readonly memoryKiB: number;
  readonly firmware: {
    /** VT-d or AMD-Vi in the firmware's setup: without it there is no table either. */
    readonly iommu: 'intel' | 'amd' | null;
    readonly interruptRemapping: boolean;
  };
  readonly kernel: {
    readonly release: string;
    readonly version: string;
    /** Command line without what an administrator adds. */
    readonly arguments: string;
    /** Options by name without `CONFIG_`; `n` is written as `is not set`. */
    readonly config: Readonly<Record<string, string>>;
    /** Modules that are loaded after boot besides those of bound drivers. */
    readonly modules: readonly string[];
    /** Since 6.2 each function has an MSI domain of its own, and /proc/interrupts names it. */
    readonly msiPerFunction: boolean;
    /** Type of the default domains: flushed lazily on real hardware, strictly under a hypervisor. */
    readonly domainType: 'DMA' | 'DMA-FQ';
  };
  readonly distribution: {
    readonly id: string;
    readonly name: string;
    readonly pretty: string;
    readonly version: string;
  };
  /** With boot loader entries in /boot/loader/entries and grubby; else the command line is fixed. */
  readonly bootLoaderEntries: boolean;
  /** systemd is its init unless it says otherwise. */
  readonly init?: 'other';
  readonly selinux: 'enforcing' | 'permissive' | null;
  readonly apparmor: boolean;
  readonly libvirt: { readonly version: string; readonly qemu: string };
  readonly vendors: Readonly<Record<string, string>>;
  readonly functions: readonly BoardFunction[];
  readonly guests: readonly BoardGuest[];
  readonly breakage: BoardBreakage;
}

export const NO_BREAKAGE: BoardBreakage = {
  noInterrupts: false,
  noGuestDriver: false,
  wrongFunction: null,
  cardMuted: false,
  stuckUnbind: null,
};

type FunctionNeeds = Pick<BoardFunction, 'address' | 'vendor' | 'device' | 'class' | 'name' | 'group'>;

/** A function with the usual answers where the board does not say otherwise: conventional PCI, MSI where it has a pin. */
export function boardFunction(given: FunctionNeeds & Partial<BoardFunction>): BoardFunction {
  const pin = given.pin ?? 0;
  return {
    subsystemVendor: '0000',
    subsystemDevice: '0000',
    revision: '00',
    behind: null,
    secondaryBus: null,
    driver: null,
    pin,
    line: pin === 0 ? 0 : 16,
    msi: pin > 0,
    guestMsi: given.msi ?? pin > 0,
    pcie: null,
    flr: false,
    afFlr: false,
    pm: false,
    resetMethods: [],
    bars: [],
    reserved: [],
    sound: null,
    network: null,
    disk: null,
    share: null,
    drm: null,
    bootVga: false,
    ...given,
  };
}

export function boardFunctionAt(board: Board, address: string): BoardFunction | undefined {
  return board.functions.find((f) => f.address === address);
}

/** The ACPI table in which firmware describes its IOMMU; null when it has none, or has it switched off. */
export function iommuTable(board: Board): 'DMAR' | 'IVRS' | null {
  const { iommu } = board.firmware;
  return iommu === null ? null : iommu === 'intel' ? 'DMAR' : 'IVRS';
}

/** `/sys/devices/pci0000:00/0000:00:1c.1/0000:03:00.0` */
export function boardFunctionPath(board: Board, address: string): string {
  const above = boardFunctionAt(board, address)?.behind ?? null;
  return above === null
    ? `/sys/devices/pci0000:00/${address}`
    : `${boardFunctionPath(board, above)}/${address}`;
}
