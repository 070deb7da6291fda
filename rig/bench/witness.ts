import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guests } from '../guest/guests.ts';
import type { Machine } from '../machine/machine.ts';

/** The host as the kernel and libvirt themselves tell it; vfioctl is not asked. */
export type HostState = {
  /** By address: the bound driver, and the override. */
  readonly functions: Readonly<
    Record<string, { readonly driver: string | null; readonly override: string | null }>
  >;
  /** By UUID. */
  readonly guests: Readonly<Record<string, { readonly state: string; readonly xml: string }>>;
  /** By path, all of /etc and /boot: the sum of what a file holds, or where a link points. */
  readonly files: Readonly<Record<string, string>>;
};

const ask = [
  'for path in /sys/bus/pci/devices/*; do',
  '  driver=$(readlink "$path/driver")',
  `  echo "function \${path##*/} \${driver##*/}, $(cat "$path/driver_override")"`,
  'done',
  // libvirt writes NAME.xml.new and renames it; one that a power cut leaves is overwritten by the next (virFileRewrite).
  "find /etc /boot -xdev -type f ! -path '/etc/libvirt/qemu/*.xml.new' -exec md5sum {} +",
  "find /etc /boot -xdev -type l -printf 'link %p %l\\n'",
  // One virsh process for all: each costs 0.4 s here.
  `virsh -q ${JSON.stringify(
    guests
      .map(
        ({ uuid }) =>
          `echo "@guest ${uuid}@"; domstate ${uuid}; echo "@xml@"; dumpxml ${uuid} --inactive --security-info`,
      )
      .join('; '),
  )}`,
].join('\n');

export async function hostState(machine: Machine): Promise<HostState> {
  const { stdout, stderr, code } = await machine.run(ask, { seconds: 60 });
  if (code !== 0) throw new Error(`the host's state cannot be read (${code}): ${stderr}`);
  return parseHostState(stdout);
}

/** Throws when a function or a guest is not in it: a witness that saw nothing would agree with everything. */
export function parseHostState(text: string): HostState {
  const functions: Record<string, { driver: string | null; override: string | null }> = {};
  for (const [, address = '', driver = '', override = ''] of text.matchAll(
    /^function (\S+) (\S*), (.*)$/gm,
  )) {
    functions[address] = { driver: driver || null, override: override === '(null)' ? null : override };
  }
  const files: Record<string, string> = {};
  for (const [, sum = '', path = ''] of text.matchAll(/^([0-9a-f]{32}) {2}(.+)$/gm)) files[path] = sum;
  for (const [, path = '', target = ''] of text.matchAll(/^link (\S+) (.+)$/gm)) files[path] = target;
  const states: Record<string, { state: string; xml: string }> = {};
  // virsh's echo ends its text with a newline or not, by version and mode.
  const [, ...parts] = text.split(/@guest (\S+)@/);
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [state = '', xml = ''] = (parts[index + 1] ?? '').split('@xml@');
    states[parts[index] ?? ''] = { state: state.trim(), xml: xml.trim() };
  }
  for (const { name, uuid } of guests) {
    if (!states[uuid]?.xml.includes('<domain'))
      throw new Error(`the witness saw no definition of guest ${name}`);
  }
  if (Object.keys(functions).length === 0) throw new Error('the witness saw no PCI function');
  if (Object.keys(files).length === 0) throw new Error('the witness saw no file');
  return { functions, guests: states, files };
}

/** Each way in which `after` is not as `before`, in a line. */
export function hostDifferences(before: HostState, after: HostState): string[] {
  const lines: string[] = [];
  const shown = (value: { driver: string | null; override: string | null } | undefined): string =>
    value === undefined ? 'gone' : `driver ${value.driver ?? 'none'}, override ${value.override ?? 'none'}`;
  for (const address of new Set([...Object.keys(before.functions), ...Object.keys(after.functions)])) {
    const [then, now] = [shown(before.functions[address]), shown(after.functions[address])];
    if (then !== now) lines.push(`${address}: was ${then}; is ${now}`);
  }
  for (const { name, uuid } of guests) {
    const [then, now] = [before.guests[uuid], after.guests[uuid]];
    if (then?.state !== now?.state) lines.push(`guest ${name}: was ${then?.state}; is ${now?.state}`);
    if (then?.xml !== now?.xml)
      lines.push(
        `guest ${name}: its inactive XML differs\n${lineDifferences(then?.xml ?? '', now?.xml ?? '')}`,
      );
  }
  for (const path of new Set([...Object.keys(before.files), ...Object.keys(after.files)])) {
    const [then, now] = [before.files[path], after.files[path]];
    if (then !== now)
      lines.push(`${path}: ${then === undefined ? 'came' : now === undefined ? 'is gone' : 'is another'}`);
  }
  return lines;
}

function lineDifferences(before: string, after: string): string {
  const [then, now] = [before.split('\n'), after.split('\n')];
  return [
    ...then.filter((line) => !now.includes(line)).map((line) => `    - ${line}`),
    ...now.filter((line) => !then.includes(line)).map((line) => `    + ${line}`),
  ].join('\n');
}

/** Ends what a scenario that failed left running or halted, and forgets vfioctl's journal: an open run stops the next. */
export async function quietHost(machine: Machine): Promise<void> {
  const script = 'pkill -KILL -x strace; pkill -KILL -x vfioctl; rm -rf /var/lib/vfioctl';
  await machine.run(script, { seconds: 20 });
}

/** Puts the host back by hand, so that one scenario's failure is not the next one's. */
export async function restoreHost(machine: Machine, before: HostState, now: HostState): Promise<void> {
  const script: string[] = [];
  for (const { uuid } of guests) {
    const [then, current] = [before.guests[uuid], now.guests[uuid]];
    if (current?.state !== 'shut off') script.push(`virsh -q destroy ${uuid}`);
    if (then !== undefined && then.xml !== current?.xml) {
      writeFileSync(join(machine.folder, 'share', `${uuid}.xml`), then.xml);
      script.push(`virsh -q define /share/${uuid}.xml`);
    }
  }
  for (const [address, { driver, override }] of Object.entries(before.functions)) {
    const current = now.functions[address];
    if (current?.driver === driver && current.override === override) continue;
    const path = `/sys/bus/pci/devices/${address}`;
    // Unset is a lone newline (Documentation/ABI/testing/sysfs-bus-pci, driver_override).
    script.push(`echo ${override ?? ''} > ${path}/driver_override`);
    script.push(`[ -e ${path}/driver ] && echo ${address} > ${path}/driver/unbind`);
    if (driver !== null) script.push(`echo ${address} > /sys/bus/pci/drivers_probe`);
  }
  await machine.run(script.join('\n'), { seconds: 120 });
}
