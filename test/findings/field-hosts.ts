/** Hosts put together as the kernel shows them, from PCI functions and what hangs on them. */
import { collect } from '../../src/facts/collect.ts';
import type { Guest } from '../../src/facts/snapshot.ts';
import { needsOf, rules } from '../../src/findings/index.ts';
import { type HostModel, modelOf } from '../../src/model/model.ts';
import { constructedHost } from '../facts/hosts.ts';

export type Files = Record<string, string>;

export interface FieldFunction {
  /** Below /sys/devices, so that the last part is its address: `pci0000:00/0000:00:01.0/0000:01:00.0`. */
  readonly at: string;
  readonly class: string;
  readonly id?: string;
  readonly driver?: string;
  readonly group?: number;
  readonly bootVga?: boolean;
  /** Of a physical function: addresses of its virtual ones. */
  readonly virtual?: readonly string[];
}

function functionFiles(fn: FieldFunction): Files {
  const address = fn.at.slice(fn.at.lastIndexOf('/') + 1);
  const [vendor = '', device = ''] = (fn.id ?? '8086:0000').toUpperCase().split(':');
  const [base, sub, interface_] = fn.class.toUpperCase().match(/../g) ?? [];
  const home = `/sys/devices/${fn.at}`;
  return {
    [`/sys/bus/pci/devices/${address}`]: `->../../../devices/${fn.at}`,
    [`${home}/modalias`]: `pci:v0000${vendor}d0000${device}sv000017AAsd00000001bc${base}sc${sub}i${interface_}\n`,
    [`${home}/power/runtime_status`]: 'active\n',
    [`${home}/reset_method`]: 'flr bus\n',
    [`${home}/driver_override`]: '(null)\n',
    ...(fn.driver === undefined ? {} : { [`${home}/driver`]: `->../../../bus/pci/drivers/${fn.driver}` }),
    ...(fn.group === undefined
      ? {}
      : {
          [`${home}/iommu_group`]: `->../../../kernel/iommu_groups/${fn.group}`,
          [`/sys/kernel/iommu_groups/${fn.group}/devices/${address}`]: `->../../../../devices/${fn.at}`,
          [`/sys/kernel/iommu_groups/${fn.group}/type`]: 'DMA-FQ\n',
          [`/sys/kernel/iommu_groups/${fn.group}/reserved_regions`]: '',
        }),
    ...(fn.class.startsWith('0300') ? { [`${home}/boot_vga`]: fn.bootVga ? '1\n' : '0\n' } : {}),
    ...(fn.virtual ? { [`${home}/sriov_totalvfs`]: '8\n' } : {}),
    ...Object.fromEntries((fn.virtual ?? []).map((vf, i) => [`${home}/virtfn${i}`, `->../${vf}`])),
  };
}

/** What every host has: a kernel, processes, an IOMMU. */
const PLAIN: Files = {
  '/proc/1/comm': 'systemd\n',
  '/proc/1/fd/0': '->/dev/null',
  '/proc/cmdline': 'root=/dev/sda1\n',
  '/proc/modules': '',
  '/proc/sys/kernel/osrelease': '6.17.8\n',
  '/proc/meminfo': 'MemTotal: 33554432 kB\nMemAvailable: 30000000 kB\n',
  '/proc/iomem': '00001000-0009ffff : System RAM\n',
  '/proc/bus/input/devices': '',
  '/sys/class/vtconsole/vtcon0/name': '(S) dummy device\n',
  '/sys/class/vtconsole/vtcon0/bind': '0\n',
  '/lib/modules/6.17.8/modules.dep': 'kernel/drivers/vfio/pci/vfio-pci.ko.zst:\n',
};

/** The model of such a host, of which libvirt has these guests. */
export async function fieldModel(
  functions: readonly FieldFunction[],
  files: Files,
  guests: readonly Guest[] = [],
): Promise<HostModel> {
  const all = Object.assign({}, PLAIN, ...functions.map(functionFiles), files);
  const snapshot = await collect(constructedHost(all), needsOf(rules));
  return modelOf({
    ...snapshot,
    gaps: snapshot.gaps.filter((gap) => !gap.fact.startsWith('libvirt')),
    libvirt: {
      uri: 'qemu:///system',
      version: '11.6.0',
      iommuSupport: true,
      guests: [...guests],
      networks: [],
    },
  });
}
