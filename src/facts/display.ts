import { holdersOf } from './holders.ts';
import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';
import type { Snapshot } from './snapshot.ts';

const CLASS = '/sys/class/drm';

/** Nodes of graphics drivers (`card0`, `renderD128`), and who has them open. Connectors are no nodes. */
export function displayFacts(look: Look): Snapshot['display'] {
  const names = look.list('display', CLASS);
  if (names === undefined) return undefined;
  return (names ?? [])
    .filter((name) => /^(card|renderD)\d+$/.test(name))
    .map((name) => {
      const target =
        look.known('display.function', `${CLASS}/${name}`, look.host.link(`${CLASS}/${name}`), name) ?? '';
      const openBy = holdersOf(look, [`/dev/dri/${name}`]);
      const known = typeof openBy !== 'string';
      if (!known) look.gap('display.openBy', '/proc/PID/fd', openBy, name);
      return { name, function: pciPathOwners(target).at(-1) ?? null, ...(known ? { openBy } : {}) };
    });
}
