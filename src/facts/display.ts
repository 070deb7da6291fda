import { nodeHolders } from './holders.ts';
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
      const { open, hidden } = nodeHolders(look, '/dev/dri/');
      const openBy = open.filter(({ path }) => path === `/dev/dri/${name}`);
      // One holder is enough to know that it is busy; that nobody is, takes a look at all.
      const known = openBy.length > 0 || hidden === null;
      if (!known) look.gap('display.openBy', '/proc/PID/fd', hidden, name);
      return { name, function: pciPathOwners(target).at(-1) ?? null, ...(known ? { openBy } : {}) };
    });
}
