import type { Look } from '../look.ts';

/** Where the kernel's memory goes after a crash: a device, or a directory of the running host. */
export interface DumpTarget {
  readonly spec: string | null;
  readonly directory: string;
  /** The file that says so. */
  readonly source: string;
}

const DEFAULT_DIRECTORY = '/var/crash';

/** Only while memory is reserved for the second kernel: the files are also there where nobody uses them. */
export function dumpTargets(look: Look): DumpTarget[] {
  const loaded = look.text('storage.holds', '/sys/kernel/kexec_crash_loaded');
  const words = look.text('storage.holds', '/proc/cmdline') ?? '';
  if (loaded !== '1' && !/(^|\s)crashkernel=/.test(words)) return [];
  return [...fedora(look), ...debian(look), ...suse(look)];
}

/** kdump.conf(5): at most one target; without one the directory on the root file system. */
function fedora(look: Look): DumpTarget[] {
  const source = '/etc/kdump.conf';
  const text = look.text('storage.holds', source);
  if (text == null) return [];
  const options = new Map(
    text.split('\n').flatMap((line) => {
      const [, key, value] = /^\s*([a-z]\w*)\s+(.*?)\s*$/.exec(line) ?? [];
      return key ? [[key, value ?? ''] as const] : [];
    }),
  );
  // To another machine.
  if (['nfs', 'ssh', 'net', 'virtiofs'].some((key) => options.has(key))) return [];
  const key = ['raw', 'ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'minix', 'f2fs'].find((k) => options.has(k));
  const spec = key === undefined ? null : options.get(key)!;
  return [{ spec, directory: options.get('path') ?? DEFAULT_DIRECTORY, source }];
}

/** kdump-tools(5). */
function debian(look: Look): DumpTarget[] {
  const source = '/etc/default/kdump-tools';
  const options = assignments(look, source);
  if (options.get('USE_KDUMP') !== '1' || options.get('NFS') || options.get('SSH')) return [];
  return [{ spec: null, directory: options.get('KDUMP_COREDIR') || DEFAULT_DIRECTORY, source }];
}

/** kdump(5) of SUSE: one URL or several, a bare path meaning a file. */
function suse(look: Look): DumpTarget[] {
  const source = '/etc/sysconfig/kdump';
  const urls = (assignments(look, source).get('KDUMP_SAVEDIR') ?? '').split(/\s+/);
  return urls
    .map((url) => url.replace(/^file:(\/\/)?/, ''))
    .filter((path) => path.startsWith('/'))
    .map((directory) => ({ spec: null, directory, source }));
}

/** A file that a shell reads, as far as it sets plain words. */
function assignments(look: Look, path: string): Map<string, string> {
  const text = look.text('storage.holds', path) ?? '';
  return new Map(
    [...text.matchAll(/^[ \t]*([A-Z_]+)=(?:"([^"\n]*)"|'([^'\n]*)'|(\S*))/gm)].map((m) => [
      m[1]!,
      m[2] ?? m[3] ?? m[4] ?? '',
    ]),
  );
}
