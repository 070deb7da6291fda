/** A sound card lives when its pointer moves; it can be heard when its mixer lets the sound through. */
import { evidence } from '../../findings/rule.ts';
import { addressParse } from '../../model/address.ts';
import type { Exercise } from '../interrupts.ts';
import type { Proof } from '../proof.ts';
import { disproven, notObservable, proven } from '../verdict.ts';
import { type GuestView, guestNames } from '../view.ts';
import type { Kind, KindQuestion } from './index.ts';
import { type MixerElement, mixerClosed, mixerOpen, mixerRead, mixerRestore } from './mixer.ts';
import { type Card, guestProcess, type PcmStatus, PLAY_SECONDS, pcmStatuses, play } from './playback.ts';

const SOUND = 'guest-sound';
const MIXER = 'guest-mixer';
const IDLE = 'nothing plays on it; --exercise plays silence';

export const sound: Kind = {
  proofs: new Map([
    [SOUND, 'speaker-test -t sine -f 440 -l 1'],
    [MIXER, 'amixer scontents'],
  ]),

  async observe(question, add) {
    const { view, subject, fn, driver } = question;
    const card = await question.patience(
      () => guestCard(view, fn.address),
      (seen) => seen !== null && seen.playback.length + seen.capture.length > 0,
      `a sound card at ${fn.address} in ${view.name}`,
    );
    if (!card || card.playback.length + card.capture.length === 0) {
      const why = card
        ? `card ${card.number} has no PCM`
        : `${driver} has made no sound card of ${fn.address}`;
      add(disproven(SOUND, subject, `${why}; the guest's dmesg says what it met`));
      return { done: false, why };
    }
    const mixer = await mixerRead(view, card.number);
    const closed = mixer.elements ? mixerClosed(mixer.elements) : [];
    const mixerProof = mixer.elements
      ? mixerProofOf(question, card, closed)
      : notObservable(
          MIXER,
          subject,
          `${mixer.why}; run in the guest: amixer -D hw:${card.number} scontents`,
        );
    if (!question.tone || !mixer.elements) {
      add(mixerProof);
      return observeSound(question, card, add);
    }
    const changed: MixerElement[] = [];
    try {
      return await observeSound(question, card, add, () =>
        mixerOpen(view, card.number, mixer.elements, changed),
      );
    } finally {
      const left = await mixerRestore(view, card.number, changed);
      add(left.length === 0 ? mixerProof : notRestored(subject, left));
    }
  },
};

function mixerProofOf({ view, subject }: KindQuestion, card: Card, closed: readonly MixerElement[]): Proof {
  if (closed.length === 0) return proven(MIXER, subject, `the way out of card ${card.number} is open`);
  const names = closed.map((element) => `${element.name} is ${element.values.join(',')}`).join(', ');
  return disproven(
    MIXER,
    subject,
    `card ${card.number} is muted: ${names}`,
    closed.map((element) =>
      evidence(
        `${view.name}:amixer -D hw:${card.number}`,
        `${element.name}: values=${element.values.join(',')}`,
      ),
    ),
  );
}

function notRestored(subject: string, left: readonly string[]): Proof {
  const why = `the mixer was opened for the tone and could not be put back; run in the guest: ${left.join('; ')}`;
  return disproven(MIXER, subject, why);
}

/** The card that belongs to a function: a number says nothing, the device that the card hangs on does. */
async function guestCard(view: GuestView, address: string): Promise<Card | null> {
  const names = (await guestNames(view, '/sys/class/sound')) ?? [];
  for (const name of names) {
    const number = /^card(\d+)$/.exec(name)?.[1];
    if (number === undefined) continue;
    const { stdout } = await view.run(['readlink', '-f', `/sys/class/sound/${name}/device`]);
    // With the DSP drivers a platform device stands between the function and its card.
    const owner = stdout
      .trim()
      .split('/')
      .findLast((part) => addressParse(part) !== null);
    if (owner !== address) continue;
    const devices = (letter: string): number[] =>
      names
        .flatMap((pcm) => new RegExp(`^pcmC${number}D(\\d+)${letter}$`).exec(pcm)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    return { number: Number(number), playback: devices('p'), capture: devices('c') };
  }
  return null;
}

/** `before` runs just before something is played, and only then. */
async function observeSound(
  question: KindQuestion,
  card: Card,
  add: (proof: Proof) => void,
  before: () => Promise<void> = async () => {},
): Promise<Exercise> {
  const { view, subject, tone } = question;
  const statuses = await pcmStatuses(view, card);
  const running = statuses.find((status) => status.state === 'RUNNING');
  if (running) {
    add(await runningProof(question, card, running));
    return { done: false, why: `${running.pcm} already played, and was left alone` };
  }
  const pcm = `hw:${card.number},${card.playback[0] ?? card.capture[0]}`;
  const idle = (why: string): Exercise => {
    add(
      notObservable(
        SOUND,
        subject,
        `card ${card.number} is there as ${pcm}: ${why}`,
        statuses.map((s) => shown(view, s)),
      ),
    );
    return { done: false, why };
  };
  if (!question.exercise && !tone) return idle(IDLE);
  if (card.playback.length === 0) return idle('it only records, and --exercise only plays');
  const holder = statuses.find((s) => s.playback && s.pcm === pcm && s.state !== null);
  if (holder) return idle(`${await guestProcess(view, holder.owner)} has it open`);

  await before();
  const { outcome, status } = await play(view, card, tone);
  const what = tone ? 'a tone of 440 Hz' : 'silence';
  const seen = status ? [shown(view, status)] : [];
  switch (outcome.state) {
    case 'played': {
      const moved =
        status && status.pointer > 0 ? `, its pointer at ${status.pointer} frames on the way` : '';
      add(proven(SOUND, subject, `${pcm} played ${PLAY_SECONDS} s of ${what}${moved}`, seen));
      return { done: true };
    }
    case 'stuck':
      add(disproven(SOUND, subject, `${pcm} did not play ${what} to the end: ${outcome.why}`, seen));
      return { done: true };
    case 'busy':
      return idle(`${await guestProcess(view, status?.owner ?? null)} has it open`);
    case 'refused':
      return idle(
        `${what} could not be played (${outcome.why}); run in the guest: speaker-test -D plug${pcm} -t sine -f 440 -l 1`,
      );
  }
}

const LOOK_MS = 500;

async function runningProof({ view, subject }: KindQuestion, card: Card, first: PcmStatus): Promise<Proof> {
  await view.sleep(LOOK_MS);
  const second = (await pcmStatuses(view, card)).find((status) => status.path === first.path) ?? first;
  const seen = [shown(view, first), shown(view, second)];
  const who = await guestProcess(view, first.owner);
  if (second.pointer !== first.pointer) {
    return proven(SOUND, subject, `${first.pcm} runs for ${who}, and its pointer moves`, seen);
  }
  return second.state === 'RUNNING'
    ? disproven(
        SOUND,
        subject,
        `${first.pcm} runs for ${who}, and its pointer stands at ${first.pointer}`,
        seen,
      )
    : notObservable(SOUND, subject, `${first.pcm} ran for ${who}, and stopped before a second look`, seen);
}

function shown(view: GuestView, status: PcmStatus): ReturnType<typeof evidence> {
  const text = status.state === null ? 'closed' : `state: ${status.state}, hw_ptr: ${status.pointer}`;
  return evidence(`${view.name}:${status.path}`, text);
}
