/** Playing on a card of the guest, and watching whether its pointer moves. */
import { type GuestView, guestFiles } from '../view.ts';

export interface Card {
  readonly number: number;
  /** Playback devices of it, lowest first. */
  readonly playback: readonly number[];
  readonly capture: readonly number[];
}

/** /proc/asound/cardN/pcmDp/sub0/status. */
export interface PcmStatus {
  /** `hw:0,0` */
  readonly pcm: string;
  readonly path: string;
  readonly playback: boolean;
  /** `RUNNING`, `PREPARED`, …; null while nobody has it open. */
  readonly state: string | null;
  readonly owner: number | null;
  /** Frames that the card has taken since it was opened. */
  readonly pointer: number;
}

export async function pcmStatuses(view: GuestView, card: Card): Promise<PcmStatus[]> {
  const paths = [
    ...card.playback.map((device) => ({ device, letter: 'p' })),
    ...card.capture.map((device) => ({ device, letter: 'c' })),
  ].map(({ device, letter }) => ({
    playback: letter === 'p',
    pcm: `hw:${card.number},${device}`,
    path: `/proc/asound/card${card.number}/pcm${device}${letter}/sub0/status`,
  }));
  const files = await guestFiles(
    view,
    paths.map((p) => p.path),
  );
  return paths.flatMap(({ pcm, path, playback }) => {
    const text = files.get(path);
    if (text === undefined) return [];
    const field = (name: string): string | null =>
      new RegExp(`^${name}\\s*:\\s*(\\S+)`, 'm').exec(text)?.[1] ?? null;
    const owner = field('owner_pid');
    return [
      {
        pcm,
        path,
        playback,
        state: field('state'),
        owner: owner === null ? null : Number(owner),
        pointer: Number(field('hw_ptr') ?? 0),
      },
    ];
  });
}

/** Name of a process of the guest, with its number: `pipewire (812)`. */
export async function guestProcess(view: GuestView, pid: number | null): Promise<string> {
  if (pid === null) return 'another program';
  const { code, stdout } = await view.run(['cat', `/proc/${pid}/comm`]);
  return code === 0 ? `${stdout.trim()} (${pid})` : `process ${pid}`;
}

type Play =
  | { readonly state: 'played'; readonly ms: number }
  | { readonly state: 'busy' }
  /** It could not begin: no aplay, or aplay took not what it was given. */
  | { readonly state: 'refused'; readonly why: string }
  /** It began, and the card did not play to the end. */
  | { readonly state: 'stuck'; readonly why: string };

export const PLAY_SECONDS = 2;
/** A write to a card that takes nothing fails after ten seconds (wait_for_avail in sound/core/pcm_lib.c). */
const PLAY_DEADLINE_MS = 30_000;
const WATCH_MS = 300;

/** A guest that is slow to answer may not show the pointer in two seconds: so often it is tried. */
const TONE_TRIES = 3;

export interface Played {
  readonly outcome: Play;
  readonly status: PcmStatus | null;
}

/** Silence, or a tone of 440 Hz, for two seconds. `plughw` converts what the card cannot take and bypasses servers. */
export async function play(view: GuestView, card: Card, tone: boolean): Promise<Played> {
  let played = await playOnce(view, card, tone);
  for (let tries = 1; tone && tries < TONE_TRIES && unseen(played); tries++) {
    played = await playOnce(view, card, tone);
  }
  if (!tone || !unseen(played)) return played;
  return { ...played, outcome: { state: 'refused', why: 'its pointer was not seen to move' } };
}

/**
 * The end of aplay proves silence, which /dev/zero always gives: it ends well when the card has taken all. A tone goes
 * in by standard input, and an aplay that was given nothing ends well, too: there the pointer must be seen.
 */
function unseen({ outcome, status }: Played): boolean {
  return outcome.state === 'played' && !(status && status.pointer > 0);
}

async function playOnce(view: GuestView, card: Card, tone: boolean): Promise<Played> {
  const argv = playArgv(card, tone);
  const begin = view.now();
  let ended = false;
  const playing = view
    .run(argv, { deadlineMs: PLAY_DEADLINE_MS, ...(tone ? { input: toneSamples() } : {}) })
    .finally(() => {
      ended = true;
    });
  const watching = watchPointer(view, card, () => ended);
  const { code, stderr } = await playing;
  const ms = view.now() - begin;
  const status = await watching;
  return { outcome: playOutcome(code, stderr, ms, status), status };
}

function playOutcome(code: number | null, stderr: string, ms: number, status: PcmStatus | null): Play {
  const why = stderr.trim().split('\n')[0] || `aplay ended with ${code}`;
  if (code === 127) return { state: 'refused', why: 'the guest has no aplay' };
  if (/Device or resource busy/.test(stderr)) return { state: 'busy' };
  if (code === null || /write error/.test(stderr)) return { state: 'stuck', why };
  if (code !== 0) return { state: 'refused', why };
  // aplay drains the card before it ends: two seconds played last two seconds, or nothing was given to play.
  if (ms < PLAY_SECONDS * 750 && !(status && status.pointer > 0)) {
    return { state: 'refused', why: `aplay ended after ${ms} ms` };
  }
  return { state: 'played', ms };
}

/** The first sight of a moved pointer, else the last of one that stood; null when none was seen open. */
async function watchPointer(view: GuestView, card: Card, ended: () => boolean): Promise<PcmStatus | null> {
  let last: PcmStatus | null = null;
  while (!ended()) {
    await view.sleep(WATCH_MS);
    const statuses = await pcmStatuses(view, card).catch(() => []);
    const seen = statuses.find((s) => s.playback && s.pcm === pcmOf(card) && s.state !== null);
    if (seen) last = seen;
    if (last && last.pointer > 0) break;
  }
  return last;
}

function pcmOf(card: Card): string {
  return `hw:${card.number},${card.playback[0]}`;
}

const TONE_RATE = 16_000;

function playArgv(card: Card, tone: boolean): string[] {
  const [rate, channels, source] = tone ? [TONE_RATE, 1, '-'] : [48_000, 2, '/dev/zero'];
  const format = ['-t', 'raw', '-f', 'S16_LE', '-r', `${rate}`, '-c', `${channels}`, '-d', `${PLAY_SECONDS}`];
  return ['aplay', '-q', '-D', `plug${pcmOf(card)}`, ...format, source];
}

/** One channel of 16 bit: 64 kB for two seconds, which still fits one command of the agent. */
export function toneSamples(): Uint8Array {
  const frames = TONE_RATE * PLAY_SECONDS;
  const samples = new DataView(new ArrayBuffer(frames * 2));
  for (let i = 0; i < frames; i++) {
    const fade = Math.min(1, i / 160, (frames - i) / 160);
    samples.setInt16(i * 2, Math.round(16_384 * fade * Math.sin((2 * Math.PI * 440 * i) / TONE_RATE)), true);
  }
  return new Uint8Array(samples.buffer);
}
