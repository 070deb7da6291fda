/** Block devices for constructed hosts, laid out as the kernel does. */

type Files = Record<string, string | Uint8Array>;

export const SATA = 'pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block';
export const NVME = 'pci0000:00/0000:00:1d.0/0000:04:00.0/nvme/nvme0';

/** A device of /sys/class/block at a place below /sys/devices. */
export function block(name: string, target: string, dev: string): Files {
  return {
    [`/sys/class/block/${name}`]: `->../../devices/${target}`,
    [`/sys/devices/${target}/dev`]: `${dev}\n`,
  };
}

/** A device that the kernel made of others. */
export function volume(name: string, dev: string, members: readonly string[], more: Files = {}): Files {
  const at = `/sys/devices/virtual/block/${name}`;
  return {
    ...block(name, `virtual/block/${name}`, dev),
    ...Object.fromEntries(members.map((member) => [`${at}/slaves/${member}`, `->../../${member}`])),
    ...Object.fromEntries(Object.entries(more).map(([path, content]) => [`${at}/${path}`, content])),
  };
}

export function mapper(
  name: string,
  dev: string,
  title: string,
  uuid: string,
  members: readonly string[],
): Files {
  return volume(name, dev, members, { 'dm/name': `${title}\n`, 'dm/uuid': `${uuid}\n` });
}

/** A machine on which nobody has anything open. */
export const QUIET: Files = { '/proc/1/comm': 'systemd\n' };

/** What udev wrote down about a device. */
export function udev(dev: string, properties: Record<string, string>, links: readonly string[] = []): Files {
  const lines = [
    ...links.map((link) => `S:${link}`),
    'I:5214730',
    ...Object.entries(properties).map(([key, value]) => `E:${key}=${value}`),
    'G:systemd',
    'V:1',
  ];
  return { [`/run/udev/data/b${dev}`]: `${lines.join('\n')}\n` };
}

/** /proc/self/mountinfo from `DEV POINT TYPE SOURCE [OPTIONS]`. */
export function mounted(...lines: readonly string[]): Files {
  return { '/proc/self/mountinfo': mountinfo(...lines) };
}

export function mountinfo(...lines: readonly string[]): string {
  return lines
    .map((line, at) => {
      const [dev, point, type, source, options = 'rw'] = line.split(' ');
      return `${30 + at} 1 ${dev} / ${point} rw,relatime shared:${at} - ${type} ${source} ${options}\n`;
    })
    .join('');
}

export function swapping(...lines: readonly string[]): Files {
  return { '/proc/swaps': ['Filename\tType\tSize\tUsed\tPriority', ...lines, ''].join('\n') };
}
