/** What the host does with a function: its interfaces, disks, displays and sound cards, and whether they are busy. */
import type { Holder, PciFunction } from '../facts/snapshot.ts';
import type { HostModel } from '../model/model.ts';
import type { Evidence } from './finding.ts';
import { evidence } from './rule.ts';
import { sysfsOf } from './subject.ts';

interface Use {
  /** `eth0`, `sda`, `card0`: what the host loses. */
  readonly name: string;
  /** The host is using it now; otherwise it is only there. */
  readonly busy: boolean;
  readonly evidence: Evidence;
}

/** All uses of one kind, or the fact that is missing to tell. */
export type Uses =
  | { readonly state: 'read'; readonly uses: readonly Use[] }
  | { readonly state: 'unread'; readonly fact: string; readonly of: string | null };

/** Facts that decide whether an entry of a section is busy. */
const DECIDING = {
  network: ['network.up', 'network.master', 'network.defaultRoute'],
  storage: ['storage.mounts'],
  display: [],
  sound: [],
} as const;

/**
 * The uses, unless all look idle and something that would tell otherwise was not read: whose entry it is
 * (`network.function`) matters to every function, the rest only where there are entries.
 */
function read(model: HostModel, kind: keyof typeof DECIDING, uses: readonly Use[]): Uses {
  if (uses.some((use) => use.busy)) return { state: 'read', uses };
  const facts: string[] = [`${kind}.function`, ...(uses.length > 0 ? DECIDING[kind] : [])];
  const gap = model.snapshot.gaps.find((g) => facts.includes(g.fact));
  return gap ? { state: 'unread', fact: gap.fact, of: gap.subject } : { state: 'read', uses };
}

const unread = (fact: string, of: string | null = null): Uses => ({ state: 'unread', fact, of });

export function networkUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.network) return unread('network');
  return read(
    model,
    'network',
    model.snapshot.network
      .filter((n) => n.function === fn.address)
      .map((n) => {
        // Network managers set every interface up; one without a cable serves nobody.
        const link = n.up && n.carrier !== false;
        const parts = [
          link ? 'up' : n.up ? 'without a link' : 'down',
          ...(n.defaultRoute ? ['carries the default route'] : []),
          ...(n.master === null ? [] : [`belongs to ${n.master}`]),
        ];
        return {
          name: n.name,
          busy: link || n.defaultRoute || n.master !== null,
          evidence: evidence(`/sys/class/net/${n.name}`, `${n.name} is ${parts.join(', ')}`),
        };
      }),
  );
}

export function storageUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.storage) return unread('storage');
  return read(
    model,
    'storage',
    model.snapshot.storage
      .filter((s) => s.function === fn.address)
      .map((s) => {
        const holds = [...s.mounts, ...(s.swap ? ['swap'] : [])];
        const text =
          holds.length > 0 ? `${s.name} holds ${holds.join(', ')}` : `${s.name} holds no mount and no swap`;
        return { name: s.name, busy: holds.length > 0, evidence: evidence(`/sys/block/${s.name}`, text) };
      }),
  );
}

export function displayUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.display) return unread('display');
  const uses: Use[] = [];
  if (fn.bootVga === true) {
    const text = 'the firmware started its display on it';
    uses.push({
      name: 'the boot display',
      busy: true,
      evidence: evidence(sysfsOf(fn.address, 'boot_vga'), text),
    });
  }
  for (const node of model.snapshot.display.filter((d) => d.function === fn.address)) {
    if (!node.openBy)
      return uses.length > 0 ? read(model, 'display', uses) : unread('display.openBy', node.name);
    uses.push(held(node.name, `/dev/dri/${node.name}`, node.name, node.openBy));
  }
  return read(model, 'display', uses);
}

export function soundUses(model: HostModel, fn: PciFunction): Uses {
  if (!model.snapshot.sound) return unread('sound');
  const uses: Use[] = [];
  for (const card of model.snapshot.sound.filter((s) => s.function === fn.address)) {
    if (!card.openBy) return unread('sound.openBy', `card${card.card}`);
    uses.push(
      held(card.id, `/sys/class/sound/card${card.card}`, `sound card ${card.card} (${card.id})`, card.openBy),
    );
  }
  return read(model, 'sound', uses);
}

/** Everything of the host that is below the function. The first kind that could not be read makes the whole unread. */
export function allUses(model: HostModel, fn: PciFunction): Uses {
  const uses: Use[] = [];
  for (const kind of [networkUses, storageUses, displayUses, soundUses]) {
    const answer = kind(model, fn);
    if (answer.state === 'unread') return answer;
    uses.push(...answer.uses);
  }
  return { state: 'read', uses };
}

/** A node that is busy when somebody has it open. */
function held(name: string, node: string, label: string, holders: readonly Holder[]): Use {
  const who = holders.map((h) => `${h.command} (pid ${h.pid})`).join(', ');
  const path = holders[0]?.path ?? node;
  const text = holders.length > 0 ? `${label} is open in ${who}` : `${label} is not open`;
  return { name, busy: holders.length > 0, evidence: evidence(path, text) };
}
