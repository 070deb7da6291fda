import type { Tree } from '../tree.ts';
import { type Board, type BoardDisk, boardFunctionAt, diskNumber, iommuTable } from './board.ts';
import { interruptsText, interruptVector } from './interrupts.ts';
import { jobFiles } from './job.ts';
import { moduleHolders } from './kernel.ts';
import { NETWORK_BRIDGE } from './network.ts';
import { type SimulatedState, uptime } from './state.ts';
import { stuckFiles } from './stuck.ts';

/** /proc, /sys/module and the rest of /sys that is not about PCI. */
export function procTree(tree: Tree, state: SimulatedState): void {
  const { board, boot } = state;
  tree.setFile('/proc/cmdline', `${boot.commandLine}\n`);
  tree.setFile('/proc/version', `Linux version ${board.kernel.release} ${board.kernel.version}\n`);
  tree.setFile('/proc/uptime', `${uptime(state).toFixed(2)} ${uptime(state).toFixed(2)}\n`);
  tree.setFile('/proc/sys/kernel/random/boot_id', `${boot.id}\n`);
  tree.setFile('/proc/sys/kernel/osrelease', `${board.kernel.release}\n`);
  tree.setFile('/proc/sys/kernel/ostype', 'Linux\n');
  tree.setFile('/proc/sys/kernel/hostname', `${board.hostName}\n`);
  tree.setFile('/proc/cpuinfo', cpuText(board));
  tree.setFile('/proc/interrupts', interruptsText(state));
  tree.setFile('/proc/meminfo', memoryText(state));
  storageFiles(tree, board);
  networkFiles(tree, state);
  soundFiles(tree, state);
  moduleFiles(tree, state);
  processFiles(tree, state);
  jobFiles(tree, state);
  stuckFiles(tree, state);

  tree.setDirectory('/sys/firmware/acpi/tables');
  for (const table of ['APIC', 'DSDT', 'FACP', 'HPET', 'MCFG'])
    tree.setFile(`/sys/firmware/acpi/tables/${table}`, table);
  const table = iommuTable(board);
  if (table) tree.setFile(`/sys/firmware/acpi/tables/${table}`, table);
  tree.setFile('/sys/kernel/security/lockdown', '[none] integrity confidentiality\n');
  if (board.selinux) tree.setFile('/sys/fs/selinux/enforce', board.selinux === 'enforcing' ? '1' : '0');
  else tree.setDirectory('/sys/fs');
  if (board.apparmor) tree.setFile('/sys/module/apparmor/parameters/enabled', 'Y\n');
}

function cpuText(board: Board): string {
  const { vendor, model, flag, count } = board.cpu;
  return Array.from(
    { length: count },
    (_, i) =>
      `processor\t: ${i}\nvendor_id\t: ${vendor}\nmodel name\t: ${model}\nflags\t\t: fpu vme de pse tsc msr pae apic ${flag} lm\n`,
  ).join('\n');
}

/** vfio pins all memory of a guest that holds a function: it is gone for everyone else. */
function memoryText(state: SimulatedState): string {
  const total = state.board.memoryKiB;
  const used = state.guests.reduce((sum, g) => {
    const memory = g.live ? /<memory unit='KiB'>(\d+)</.exec(g.live.xml)?.[1] : undefined;
    return sum + Number(memory ?? 0);
  }, 0);
  const available = Math.max(0, Math.floor(total * 0.8) - used);
  const line = (name: string, kib: number): string =>
    `${`${name}:`.padEnd(16)}${String(kib).padStart(8)} kB\n`;
  return (
    line('MemTotal', total) + line('MemFree', Math.floor(available / 2)) + line('MemAvailable', available)
  );
}

function storageFiles(tree: Tree, board: Board): void {
  const disks = board.functions.flatMap((f) => (f.disk ? [f.disk] : []));
  const mounts = disks.flatMap(mountsOf);
  tree.setFile('/proc/mounts', mounts.map((m) => `${m.source} ${m.mount} ext4 rw,relatime 0 0\n`).join(''));
  const shares = board.functions.flatMap((f) => (f.share ? [f.share] : []));
  tree.setFile(
    '/proc/self/mountinfo',
    [
      ...mounts.map((m, i) => `${20 + i} 1 ${m.dev} / ${m.mount} rw,relatime - ext4 ${m.source} rw\n`),
      ...shares.map(
        (s, i) => `${50 + i} 1 0:${40 + i} / ${s.mount} rw,relatime - 9p ${s.tag} rw,trans=virtio\n`,
      ),
    ].join(''),
  );
  const swaps = disks.flatMap((d) => d.volumes.flatMap((v, i) => (v.swap ? [`/dev/dm-${i}`] : [])));
  const rows = swaps.map((name) => `${name.padEnd(40)}partition\t8388604\t\t0\t\t-2\n`);
  tree.setFile('/proc/swaps', `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${rows.join('')}`);
}

function mountsOf(disk: BoardDisk): { source: string; mount: string; dev: string }[] {
  const whole =
    disk.mount === null ? [] : [{ source: `/dev/${disk.name}`, mount: disk.mount, dev: diskNumber(disk) }];
  const parts = disk.partitions.flatMap((p, i) =>
    p.mount === null ? [] : [{ source: `/dev/${p.name}`, mount: p.mount, dev: diskNumber(disk, i + 1) }],
  );
  const volumes = disk.volumes.flatMap((v, i) =>
    v.mount === null ? [] : [{ source: `/dev/mapper/${v.name}`, mount: v.mount, dev: `253:${i}` }],
  );
  return [...whole, ...volumes, ...parts];
}

function networkFiles(tree: Tree, state: SimulatedState): void {
  const up = state.board.functions.find(
    (f) => f.network?.defaultRoute && state.kernel.drivers[f.address] === f.driver?.name,
  );
  const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
  const route = up ? `${up.network!.name}\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n` : '';
  const bridge = `${NETWORK_BRIDGE}\t007AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`;
  tree.setFile('/proc/net/route', head + route + bridge);
  tree.setFile('/proc/net/ipv6_route', '');
  tree.setFile(
    '/proc/net/tcp',
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n',
  );
  tree.setFile(
    '/proc/net/tcp6',
    '  sl  local_address                         remote_address                        st\n',
  );
}

function soundFiles(tree: Tree, state: SimulatedState): void {
  const lines = state.kernel.cards.flatMap((address, card) => {
    const fn = address === null ? undefined : boardFunctionAt(state.board, address);
    if (!fn?.sound) return [];
    tree.setFile(`/proc/asound/card${card}/id`, `${fn.sound.id}\n`);
    tree.setFile(`/proc/asound/card${card}/pcm0p/sub0/status`, 'closed\n');
    const at = fn.bars[0] ? `0x${fn.bars[0].start.toString(16)}` : '0x0';
    return [
      `${String(card).padStart(2)} [${fn.sound.id.padEnd(15)}]: HDA-Intel - ${fn.sound.name}\n`,
      `${' '.repeat(22)}${fn.sound.name} at ${at} irq ${interruptVector(state, fn)?.irq ?? 0}\n`,
    ];
  });
  tree.setFile('/proc/asound/cards', lines.length > 0 ? lines.join('') : '--- no soundcards ---\n');
}

function moduleFiles(tree: Tree, state: SimulatedState): void {
  const lines = state.kernel.modules.map((module) => {
    const holders = moduleHolders(state, module);
    tree.setFile(`/sys/module/${module}/refcnt`, `${holders.length}\n`);
    tree.setFile(`/sys/module/${module}/initstate`, 'live\n');
    tree.setDirectory(`/sys/module/${module}/holders`);
    for (const holder of holders) tree.setLink(`/sys/module/${module}/holders/${holder}`, `../../${holder}`);
    return `${module} 16384 ${holders.length} ${holders.map((h) => `${h},`).join('') || '-'} Live 0x0000000000000000\n`;
  });
  tree.setFile('/proc/modules', lines.toReversed().join(''));
  // Sandy Bridge has no APIC virtualization, and emulated SVM no AVIC: interrupts are always counted on the host.
  if (state.kernel.modules.includes('kvm_intel'))
    tree.setFile('/sys/module/kvm_intel/parameters/enable_apicv', 'N\n');
  if (state.kernel.modules.includes('kvm_amd')) tree.setFile('/sys/module/kvm_amd/parameters/avic', 'N\n');
  if (state.kernel.modules.includes('vfio_iommu_type1')) {
    const unsafe = / vfio_iommu_type1\.allow_unsafe_interrupts=(1|Y|y)( |$)/.test(
      ` ${state.boot.commandLine}`,
    );
    tree.setFile('/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts', unsafe ? 'Y\n' : 'N\n');
  }
}

/** The QEMU of each running guest: name, arguments, and the vfio nodes that it holds open. */
function processFiles(tree: Tree, state: SimulatedState): void {
  tree.setDirectory('/run/libvirt/qemu');
  for (const guest of state.guests) {
    if (!guest.live) continue;
    const { pid, lentAt } = guest.live;
    tree.setFile(`/run/libvirt/qemu/${guest.name}.pid`, String(pid));
    tree.setFile(`/proc/${pid}/comm`, 'qemu-system-x86\n');
    tree.setFile(
      `/proc/${pid}/cmdline`,
      `/usr/bin/qemu-system-x86_64\0-name\0guest=${guest.name},debug-threads=on\0-uuid\0${guest.uuid}\0`,
    );
    const groups = new Set(Object.keys(lentAt).map((a) => boardFunctionAt(state.board, a)?.group));
    const open = [
      '/dev/null',
      '/dev/kvm',
      ...(groups.size > 0 ? ['/dev/vfio/vfio'] : []),
      ...[...groups].map((g) => `/dev/vfio/${g}`),
    ];
    open.forEach((target, fd) => {
      tree.setLink(`/proc/${pid}/fd/${fd}`, target);
    });
  }
}
