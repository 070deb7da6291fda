/** The mixer of a card in the guest, by `amixer contents`: raw values, so that it can be put back exactly. */
import type { GuestView } from '../view.ts';

export interface MixerElement {
  readonly numid: number;
  /** `Master Playback Switch`; a second one of the same name carries its index: `IEC958 Playback Switch,1`. */
  readonly name: string;
  readonly type: string;
  readonly writable: boolean;
  readonly min: number;
  readonly max: number;
  /** One a channel: `on` or `off`, or a number. */
  readonly values: readonly string[];
}

const amixer = (card: number): string[] => ['amixer', '-D', `hw:${card}`];

/** Null when the guest has no amixer, or it could not read the card; `why` says which. */
export async function mixerRead(
  view: GuestView,
  card: number,
): Promise<{ elements: MixerElement[] } | { elements: null; why: string }> {
  const { code, stdout, stderr } = await view.run([...amixer(card), 'contents']);
  if (code === 127) return { elements: null, why: 'the guest has no amixer' };
  if (code !== 0) return { elements: null, why: `amixer: ${stderr.trim().split('\n')[0]}` };
  return { elements: mixerParse(stdout) };
}

/** Three lines or more an element: its identity, `; type=…`, perhaps the items of a list, `: values=…`. */
export function mixerParse(text: string): MixerElement[] {
  return text.split(/^(?=numid=)/m).flatMap((block) => {
    const id = /^numid=(\d+),iface=MIXER,name='(.*)'(?:,index=(\d+))?/.exec(block);
    const type = /^ {2}; type=(\w+),access=(\S\S)/m.exec(block);
    const values = /^ {2}: values=(.*)$/m.exec(block);
    if (!id || !type || !values) return [];
    const limits = /,min=(-?\d+),max=(-?\d+)/.exec(block);
    return [
      {
        numid: Number(id[1]),
        name: id[3] === undefined ? id[2]! : `${id[2]},${id[3]}`,
        type: type[1]!,
        writable: type[2] === 'rw',
        min: Number(limits?.[1] ?? 0),
        max: Number(limits?.[2] ?? 1),
        values: values[1]!.split(','),
      },
    ];
  });
}

/** Each of these stands in the way of all sound. */
const GATES = /^(Master|PCM) Playback (Switch|Volume)$/;
/** Of these one open way out is enough. Loopbacks of inputs (`Mic Playback Switch`, `Line Playback …`) are no way out. */
const OUTPUTS = /^((Front|Speaker|Headphone|Headset|Line[ -]?Out)\b.*) Playback (Switch|Volume)(,\d+)?$/;
const INPUT = /Mic|Boost/;
/** A card that has nothing else sends its sound digitally, over HDMI or S/PDIF. */
const DIGITAL = /^(IEC958.*) Playback (Switch)(,\d+)?$/;

/** The elements that stand between a stream and a card's plugs: gates all, ways out grouped. */
function mixerPath(elements: readonly MixerElement[]): {
  gates: MixerElement[];
  ways: MixerElement[][];
} {
  const groups = (pattern: RegExp): MixerElement[][] => {
    const byWay = new Map<string, MixerElement[]>();
    for (const element of elements) {
      const match = pattern.exec(element.name);
      if (!match || INPUT.test(element.name)) continue;
      const way = element.name.replace(/ Playback (Switch|Volume)/, '');
      byWay.set(way, [...(byWay.get(way) ?? []), element]);
    }
    return [...byWay.values()];
  };
  const analog = groups(OUTPUTS);
  return {
    gates: elements.filter((element) => GATES.test(element.name)),
    ways: analog.length > 0 ? analog : groups(DIGITAL),
  };
}

/** Off, or at the foot of its range, on every channel. */
function elementClosed(element: MixerElement): boolean {
  return element.type === 'BOOLEAN'
    ? element.values.every((value) => value === 'off')
    : element.values.every((value) => Number(value) <= element.min);
}

/** What silences the card: empty when a way from stream to plug is open. */
export function mixerClosed(elements: readonly MixerElement[]): MixerElement[] {
  const { gates, ways } = mixerPath(elements);
  const closed = gates.filter(elementClosed);
  const shut = ways.map((way) => way.filter(elementClosed));
  return shut.every((way) => way.length > 0) ? [...closed, ...shut.flat()] : closed;
}

/** A tone is meant to be heard: every volume on its way to four fifths at least, and not to the full. */
const AUDIBLE = 0.8;

/**
 * Opens the way for a tone. `changed` receives each element as it was, before it is touched: whatever happens
 * here, they are what has to be put back.
 */
export async function mixerOpen(
  view: GuestView,
  card: number,
  elements: readonly MixerElement[],
  changed: MixerElement[],
): Promise<void> {
  const { gates, ways } = mixerPath(elements);
  const open = ways.filter((way) => !way.some(elementClosed));
  for (const element of [...gates, ...(open.length > 0 ? open : ways).flat()]) {
    const audible = element.values.map((value) => audibleValue(element, value));
    if (!element.writable || audible.join() === element.values.join()) continue;
    changed.push(element);
    await mixerSet(view, card, element.numid, audible);
  }
}

function audibleValue(element: MixerElement, value: string): string {
  if (element.type === 'BOOLEAN') return 'on';
  const least = element.min + Math.round((element.max - element.min) * AUDIBLE);
  return String(Math.max(Number(value), least));
}

/** Puts back what was changed, last first, and reads it again. Answers the commands that are left for a person. */
export async function mixerRestore(
  view: GuestView,
  card: number,
  changed: readonly MixerElement[],
): Promise<string[]> {
  if (changed.length === 0) return [];
  for (const element of changed.toReversed()) {
    // One that fails must not keep the others from being put back; the reading below tells.
    await mixerSet(view, card, element.numid, element.values).catch(() => undefined);
  }
  const now = await mixerRead(view, card).catch(() => null);
  return changed
    .filter((was) => now?.elements?.find((is) => is.numid === was.numid)?.values.join() !== was.values.join())
    .map((was) => setArgv(card, was.numid, was.values).join(' '));
}

async function mixerSet(
  view: GuestView,
  card: number,
  numid: number,
  values: readonly string[],
): Promise<void> {
  await view.run(setArgv(card, numid, values));
}

function setArgv(card: number, numid: number, values: readonly string[]): string[] {
  return [...amixer(card), '-q', 'cset', `numid=${numid}`, values.join(',')];
}
