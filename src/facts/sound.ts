import { holdersOf } from './holders.ts';
import type { Look } from './look.ts';
import { pciPathOwners } from './pci-path.ts';
import type { Holder, Snapshot } from './snapshot.ts';

type SoundCard = NonNullable<Snapshot['sound']>[number];

const CLASS = '/sys/class/sound';

/** Cards and who has one of their PCM devices open. A card's number says nothing of its address; its link does. */
export function soundFacts(look: Look): Snapshot['sound'] {
  const names = look.list('sound', CLASS);
  if (names === undefined) return undefined;
  const cards = (names ?? []).filter((name) => /^card\d+$/.test(name));
  const titles = cards.length > 0 ? cardTitles(look) : new Map<number, string>();
  const nodes = (names ?? []).filter((name) => !name.startsWith('pcm'));
  return cards.map((name) => cardOf(look, name, titles, nodes)).sort((a, b) => a.card - b.card);
}

function cardOf(
  look: Look,
  name: string,
  titles: ReadonlyMap<number, string>,
  nodes: readonly string[],
): SoundCard {
  const card = Number(name.slice('card'.length));
  const id = look.text('sound.id', `${CLASS}/${name}/id`, name) ?? name;
  const target =
    look.known('sound.function', `${CLASS}/${name}`, look.host.link(`${CLASS}/${name}`), name) ?? '';
  const openBy = pcmHolders(look, name);
  // `controlC0`, `hwC0D0`, `midiC0D0`; what they have in common with the card is its number.
  const own = nodes.filter((node) => /C(\d+)(D\d+)?$/.exec(node)?.[1] === String(card));
  const also = holdersOf(
    look,
    own.map((node) => `/dev/snd/${node}`),
  );
  if (typeof also === 'string') look.gap('sound.alsoOpenBy', '/proc/PID/fd', also, name);
  return {
    card,
    id,
    name: titles.get(card) ?? id,
    function: pciPathOwners(target).at(-1) ?? null,
    ...(openBy ? { openBy } : {}),
    ...(typeof also === 'string' ? {} : { alsoOpenBy: also }),
  };
}

/** ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`, each with a second line of where it sits. */
function cardTitles(look: Look): Map<number, string> {
  const text = look.text('sound.name', '/proc/asound/cards') ?? '';
  const rows = text.matchAll(/^\s*(\d+) \[[^\]]*\]: .*? - (.*)$/gm);
  return new Map([...rows].map(([, card, title]) => [Number(card), title!.trim()]));
}

/**
 * From each substream's status, which anyone may read: `closed`, or its state and the thread that opened it. The
 * device nodes themselves would tell the same, but whose they are only to root.
 */
function pcmHolders(look: Look, name: string): Holder[] | undefined {
  const base = `/proc/asound/${name}`;
  const entries = look.list('sound.openBy', base, name);
  if (entries == null) {
    if (entries === null) look.gap('sound.openBy', base, 'absent', name);
    return undefined;
  }
  const holders: Holder[] = [];
  for (const pcm of entries.filter((entry) => /^pcm\d+[pc]$/.test(entry))) {
    for (const sub of look.list('sound.openBy', `${base}/${pcm}`, name) ?? []) {
      if (!/^sub\d+$/.test(sub)) continue;
      const status = look.text('sound.openBy', `${base}/${pcm}/${sub}/status`, name);
      if (status === undefined) return undefined;
      if (status === null || status === 'closed') continue;
      holders.push(
        holderOf(look, status, `/dev/snd/pcmC${name.slice('card'.length)}D${pcm.slice('pcm'.length)}`),
      );
    }
  }
  return holders;
}

function holderOf(look: Look, status: string, path: string): Holder {
  const thread = Number(/^owner_pid\s*: (\d+)$/m.exec(status)?.[1] ?? 0);
  const group = /^Tgid:\s+(\d+)$/m.exec(value(look, `/proc/${thread}/status`))?.[1];
  const pid = Number(group ?? thread);
  return { pid, command: value(look, `/proc/${pid}/comm`).trim() || 'unknown', path };
}

/** The process may have ended since: then it has no name, and that is no gap. */
function value(look: Look, path: string): string {
  const reading = look.host.read(path);
  return reading.state === 'read' ? reading.value : '';
}
