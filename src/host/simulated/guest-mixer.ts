import { guestCards } from './guest.ts';
import { guestNature } from './guest-life.ts';
import { type Ended, ended } from './guest-program.ts';
import type { GuestState, SimulatedState } from './state.ts';

/** Steps of the one volume that the card has; 0 to 74 is what QEMU's codec offers. */
const VOLUME_MAX = 74;

interface Mixer {
  volume: number;
  on: boolean;
}

/** A codec comes up muted; a guest's system opens it, unless it is told not to. */
function mixerOf(state: SimulatedState, guest: GuestState, source: string): Mixer {
  const muted = guestNature(state, guest).muted || state.board.breakage.cardMuted;
  const mixer = guest.live!.mixer[source] ?? { volume: muted ? 0 : VOLUME_MAX, on: !muted };
  guest.live!.mixer[source] = mixer;
  return mixer;
}

/** `amixer [-q] -c N|-D hw:N contents | scontents | sget Master | sset Master … | cset numid=N VALUE`. */
export function mixerProgram(state: SimulatedState, guest: GuestState, args: readonly string[]): Ended {
  const rest = [...args];
  let quiet = false;
  let number = 0;
  while (rest[0]?.startsWith('-')) {
    const option = rest.shift();
    if (option === '-q') quiet = true;
    else if (option === '-c' || option === '-D') number = Number((rest.shift() ?? '').replace('hw:', ''));
  }
  const card = guestCards(state, guest)[number];
  if (!card?.source)
    return ended('', 1, `amixer: Control hw:${number} open error: No such file or directory\n`);
  const mixer = mixerOf(state, guest, card.source);
  const [command = 'scontents', name = '', ...values] = rest;
  const show = (text: string): Ended => ended(quiet ? '' : text);
  switch (command) {
    case 'contents':
      return show(rawText(mixer));
    case 'scontents':
    case 'scontrols':
      return show(command === 'scontents' ? simpleText(mixer) : "Simple mixer control 'Master',0\n");
    case 'cset':
      if (name === 'numid=1') mixer.volume = Number(values[0]?.split(',')[0]);
      else if (name === 'numid=2') mixer.on = values[0]?.split(',')[0] === 'on';
      else return ended('', 1, `amixer: Cannot find the given element from control hw:${number}\n`);
      return show(rawText(mixer));
    case 'sget':
    case 'sset':
      if (name !== 'Master') return ended('', 1, `amixer: Unable to find simple control '${name}',0\n`);
      if (command === 'sset') simpleSet(mixer, values);
      return show(simpleText(mixer));
    default:
      return ended('', 1, `amixer: Unknown command '${command}'...\n`);
  }
}

function simpleSet(mixer: Mixer, values: readonly string[]): void {
  for (const value of values) {
    if (value === 'mute' || value === 'off') mixer.on = false;
    else if (value === 'unmute' || value === 'on') mixer.on = true;
    else if (value.endsWith('%')) mixer.volume = Math.round((Number.parseInt(value, 10) * VOLUME_MAX) / 100);
    else mixer.volume = Number(value);
  }
}

function rawText({ volume, on }: Mixer): string {
  const word = on ? 'on' : 'off';
  return [
    "numid=1,iface=MIXER,name='Master Playback Volume'",
    `  ; type=INTEGER,access=rw---R--,values=2,min=0,max=${VOLUME_MAX},step=0`,
    `  : values=${volume},${volume}`,
    `  | dBscale-min=-${VOLUME_MAX}.00dB,step=1.00dB,mute=0`,
    "numid=2,iface=MIXER,name='Master Playback Switch'",
    '  ; type=BOOLEAN,access=rw------,values=2',
    `  : values=${word},${word}`,
    '',
  ].join('\n');
}

function simpleText({ volume, on }: Mixer): string {
  const percent = Math.round((volume * 100) / VOLUME_MAX);
  const channel = `Playback ${volume} [${percent}%] [${volume - VOLUME_MAX}.00dB] [${on ? 'on' : 'off'}]`;
  return [
    "Simple mixer control 'Master',0",
    '  Capabilities: pvolume pswitch',
    '  Playback channels: Front Left - Front Right',
    `  Limits: Playback 0 - ${VOLUME_MAX}`,
    '  Mono:',
    `  Front Left: ${channel}`,
    `  Front Right: ${channel}`,
    '',
  ].join('\n');
}
