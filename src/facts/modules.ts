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
  return vfioPci && { loaded, vfioPci, blacklisted: blacklisted(look) };
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

function blacklisted(look: Look): string[] {
  const words = (look.text('modules.blacklisted', '/proc/cmdline') ?? '').split(/\s+/);
  const told = words
    .filter((word) => /^(modprobe\.|module_)blacklist=/.test(word))
    .flatMap((word) => word.slice(word.indexOf('=') + 1).split(','));
  const written = CONFIGURATIONS.flatMap((directory) =>
    (look.list('modules.blacklisted', directory) ?? [])
      .filter((file) => file.endsWith('.conf'))
      .flatMap((file) => {
        const text = look.text('modules.blacklisted', `${directory}/${file}`) ?? '';
        return [...text.matchAll(/^\s*blacklist\s+(\S+)/gm)].map((match) => match[1]!);
      }),
  );
  return [...new Set([...told, ...written].map((name) => name.replaceAll('-', '_')))].sort();
}
