import { kernelRelease } from './kernel.ts';
import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

type Modules = NonNullable<Snapshot['modules']>;

/** modprobe(8) reads all of them; the last is where modules live on NixOS. */
const CONFIGURATIONS = ['/etc/modprobe.d', '/run/modprobe.d', '/usr/lib/modprobe.d'];
const TREES = ['/lib/modules', '/run/booted-system/kernel-modules/lib/modules'];

export function moduleFacts(look: Look): Snapshot['modules'] {
  const text = look.text('modules', '/proc/modules');
  if (text === undefined) return undefined;
  const loaded = loadedModules(text ?? '');
  const vfioPci = 'vfio_pci' in loaded ? 'loaded' : vfioPciElsewhere(look);
  if (vfioPci === undefined) return undefined;
  const { lines, whole } = configurationLines(look);
  return {
    loaded,
    vfioPci,
    blacklisted: blacklisted(look, lines),
    // A list that is short would say that nothing is claimed.
    ...(whole ? { options: optionsOf(lines) } : {}),
  };
}

/** `name size references holder,holder, state address`; `-` stands for no holder. */
function loadedModules(text: string): Modules['loaded'] {
  const rows = text.split('\n').map((line) => line.split(' '));
  return Object.fromEntries(
    rows.flatMap(([name = '', , references = '', holders = '']) =>
      name === ''
        ? []
        : [
            [
              name,
              {
                references: Number(references) || 0,
                holders: holders.split(',').filter((h) => h !== '' && h !== '-'),
              },
            ],
          ],
    ),
  );
}

function vfioPciElsewhere(look: Look): Modules['vfioPci'] | undefined {
  // A built-in module with parameters has a directory, though it is not among the loaded ones.
  if (look.host.exists('/sys/module/vfio_pci')) return 'built-in';
  const release = kernelRelease(look, 'modules');
  if (release === undefined) return undefined;
  for (const tree of TREES) {
    const base = `${tree}/${release}`;
    const files = look.host.list(`${base}/kernel/drivers/vfio/pci`);
    if (files.state === 'read' && files.value.some((file) => file.startsWith('vfio-pci.ko')))
      return 'available';
    // A module of another make lies elsewhere; modprobe's own index knows.
    const index = look.host.read(`${base}/modules.dep`);
    if (index.state === 'read' && /(^|\/)vfio-pci\.ko(\.\w+)?:/m.test(index.value)) return 'available';
    if (index.state === 'unreadable') {
      look.gap('modules', `${base}/modules.dep`, index.why);
      return undefined;
    }
  }
  return 'missing';
}

interface ConfigurationLine {
  readonly path: string;
  /** One line, joined with those after a backslash as kmod does: without a space. */
  readonly text: string;
}

/** Lines of modprobe.d, and whether all could be read. A file hides those of its name in later directories. */
function configurationLines(look: Look): { lines: ConfigurationLine[]; whole: boolean } {
  const seen = new Set<string>();
  const before = look.gaps.length;
  const lines = CONFIGURATIONS.flatMap((directory) =>
    (look.list('modules.options', directory) ?? [])
      .filter((file) => file.endsWith('.conf') && !seen.has(file))
      .sort()
      .flatMap((file) => {
        seen.add(file);
        const path = `${directory}/${file}`;
        const text = (look.text('modules.options', path) ?? '').replace(/\\\n/g, '');
        return text.split('\n').map((line) => ({ path, text: line.trim().replace(/\s+/g, ' ') }));
      }),
  );
  return { lines, whole: look.gaps.length === before };
}

function blacklisted(look: Look, lines: readonly ConfigurationLine[]): string[] {
  const words = (look.text('modules.blacklisted', '/proc/cmdline') ?? '').split(/\s+/);
  const told = words
    .filter((word) => /^(modprobe\.|module_)blacklist=/.test(word))
    .flatMap((word) => word.slice(word.indexOf('=') + 1).split(','));
  const written = lines.flatMap(({ text }) => /^blacklist (\S+)/.exec(text)?.[1] ?? []);
  return [...new Set([...told, ...written].map((name) => name.replaceAll('-', '_')))].sort();
}

function optionsOf(lines: readonly ConfigurationLine[]): NonNullable<Modules['options']> {
  return lines.flatMap(({ path, text }) => {
    const module = /^options (\S+) /.exec(text)?.[1];
    return module === undefined ? [] : [{ module, text, path }];
  });
}
