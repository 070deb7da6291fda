import type { Tree } from '../tree.ts';
import { type GuestFunction, guestCards, guestFunctions, guestTree } from './guest.ts';
import { mixerProgram } from './guest-mixer.ts';
import type { GuestProcess, GuestState, SimulatedState } from './state.ts';

export type Ended = Pick<GuestProcess, 'code' | 'stdout' | 'stderr' | 'plays'> & { readonly ms: number };

const PROGRAM_MS = 20;
/** ALSA gives up on a card that takes no period for so long (wait_for_avail in sound/core/pcm_lib.c). */
const STUCK_MS = 10_000;
const DEFAULT_PLAY_S = 2;

export function ended(
  stdout: string,
  code = 0,
  stderr = '',
  ms = PROGRAM_MS,
  plays: string | null = null,
): Ended {
  return { stdout, code, stderr, ms, plays };
}

/** A program in the guest, looked up as execvp does; null when the guest has none of that name. */
export function guestProgram(
  state: SimulatedState,
  guest: GuestState,
  argv: readonly string[],
  inputBytes = 0,
): Ended | null {
  const [path = '', ...args] = argv;
  const name = path.replace(/^\/(usr\/)?s?bin\//, '');
  const options = args.filter((a) => a.startsWith('-') && a.length > 1);
  const words = args.filter((a) => !options.includes(a));
  const tree = guestTree(state, guest);
  switch (name) {
    case 'cat':
      return cat(tree, words);
    case 'ls':
      return ls(tree, words[0] ?? '/');
    case 'readlink':
      return readlink(tree, words[0] ?? '', options.includes('-f'));
    case 'grep':
      return grep(tree, options, words);
    case 'test':
      return ended('', tree.exists(args.at(-1) ?? '') ? 0 : 1);
    case 'sleep':
      return ended('', 0, '', Number(words[0] ?? 0) * 1000);
    case 'lspci':
      return ended(
        guestFunctions(state, guest)
          .map((f) => lspciLine(f, options))
          .join(''),
      );
    case 'amixer':
      return mixerProgram(state, guest, args);
    case 'aplay':
      return aplay(state, guest, args, inputBytes);
    default:
      return null;
  }
}

function cat(tree: Tree, paths: readonly string[]): Ended {
  let stdout = '';
  let stderr = '';
  for (const path of paths) {
    const text = tree.read(path);
    if (text.state === 'read') stdout += text.value;
    else stderr += `cat: ${path}: No such file or directory\n`;
  }
  return ended(stdout, stderr === '' ? 0 : 1, stderr);
}

function ls(tree: Tree, path: string): Ended {
  const names = tree.list(path);
  if (names.state === 'read') return ended(names.value.map((n) => `${n}\n`).join(''));
  if (tree.exists(path)) return ended(`${path}\n`);
  return ended('', 2, `ls: cannot access '${path}': No such file or directory\n`);
}

function readlink(tree: Tree, path: string, whole: boolean): Ended {
  const target = whole ? tree.real(path) : tree.link(path);
  return target.state === 'read' ? ended(`${target.value}\n`) : ended('', 1);
}

/** `grep [-s] [-H] [-i] PATTERN FILE…` of plain text. */
function grep(tree: Tree, options: readonly string[], [pattern = '', ...paths]: readonly string[]): Ended {
  const letters = options.join('');
  const fold = (text: string): string => (letters.includes('i') ? text.toLowerCase() : text);
  let stderr = '';
  const lines = paths.flatMap((path) => {
    const text = tree.read(path);
    if (text.state !== 'read') {
      if (!letters.includes('s')) stderr += `grep: ${path}: No such file or directory\n`;
      return [];
    }
    const found = text.value
      .split('\n')
      .slice(0, -1)
      .filter((line) => fold(line).includes(fold(pattern)));
    return found.map((line) =>
      letters.includes('H') || paths.length > 1 ? `${path}:${line}\n` : `${line}\n`,
    );
  });
  return ended(lines.join(''), lines.length > 0 ? 0 : 1, stderr);
}

function lspciLine(f: GuestFunction, options: readonly string[]): string {
  const address = options.includes('-D') ? f.address : f.address.slice(5);
  const names = !options.includes('-n');
  const words = names
    ? `Class [${f.class.slice(0, 4)}]: ${f.fn?.name ?? 'Device'} [${f.vendor}:${f.device}]`
    : `${f.class.slice(0, 4)}: ${f.vendor}:${f.device}`;
  const driver =
    options.some((o) => /^-\w*k/.test(o)) && f.driver ? `\tKernel driver in use: ${f.driver}\n` : '';
  return `${address} ${words}\n${driver}`;
}

/** `aplay -D [plug]hw:N[,0] [-d SECONDS] … FILE`: plays silence or what it is given, for as long as it is told. */
function aplay(state: SimulatedState, guest: GuestState, args: readonly string[], inputBytes: number): Ended {
  const of = (flag: string): string | undefined =>
    args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;
  const number = Number(/^(?:plug)?hw:(\d+)/.exec(of('-D') ?? 'hw:0')?.[1] ?? 0);
  const card = guestCards(state, guest)[number];
  if (!card?.source) return ended('', 1, 'aplay: main:852: audio open error: No such file or directory\n');
  const busy = guest.live!.processes.some((p) => p.plays === card.source && state.clock < p.endsAt);
  if (busy) return ended('', 1, 'aplay: main:852: audio open error: Device or resource busy\n');
  // Given nothing to play it ends at once, and well.
  if (args.at(-1) === '-' && inputBytes === 0) return ended('', 0, '', 10);
  if (state.board.breakage.noInterrupts) {
    return ended('', 1, 'aplay: pcm_write:2127: write error: Input/output error\n', STUCK_MS, card.source);
  }
  return ended('', 0, '', Number(of('-d') ?? DEFAULT_PLAY_S) * 1000, card.source);
}
