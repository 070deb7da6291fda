import { Failure } from '../../failure.ts';
import type { Tree } from '../tree.ts';
import { type Answer, answer } from './answer.ts';
import type { Board } from './board.ts';
import { bootEntryPath } from './file-tree.ts';

/** grubby on a system with boot loader entries (BLS): `--info=ALL`, `--update-kernel=ALL` with arguments added or removed. */
export function grubby(board: Board, files: Tree, args: readonly string[]): Answer {
  if (!board.bootLoaderEntries) return answer('', 127, 'grubby: command not found\n');
  if (args.length === 1 && args[0] === '--info=ALL') return answer(info(board, files));
  const [update, change] = args;
  const match = /^--(args|remove-args)=(.+)$/.exec(change ?? '');
  if (args.length !== 2 || update !== '--update-kernel=ALL' || !match) {
    throw new Failure('not-simulated', `not simulated: grubby ${args.join(' ')}`);
  }
  const words = match[2]!.split(' ');
  const edit = (line: string): string =>
    match[1] === 'args' ? withWords(line, words) : withoutWords(line, words);
  // ALL kernels includes those to come, which take their arguments from /etc/default/grub.
  rewrite(files, bootEntryPath(board), /^(options )(.*)()$/m, edit);
  rewrite(files, '/etc/default/grub', /^(GRUB_CMDLINE_LINUX=")(.*)(")$/m, edit);
  return answer('');
}

function info(board: Board, files: Tree): string {
  const { release } = board.kernel;
  const options = /^options (.*)$/m.exec(text(files, bootEntryPath(board)))?.[1]?.split(' ') ?? [];
  const root = options.find((w) => w.startsWith('root='))?.slice('root='.length) ?? '';
  return [
    'index=0',
    `kernel="/boot/vmlinuz-${release}"`,
    `args="${options.filter((w) => !w.startsWith('root=')).join(' ')}"`,
    `root="${root}"`,
    `initrd="/boot/initramfs-${release}.img"`,
    `title="${board.distribution.pretty} (${release})"`,
    `id="${bootEntryPath(board).split('/').at(-1)!.replace('.conf', '')}"`,
    '',
  ].join('\n');
}

/** An argument of the same name is replaced where it stands. */
function withWords(line: string, words: readonly string[]): string {
  let list = line.split(' ').filter((w) => w !== '');
  for (const word of words) {
    const name = word.split('=')[0]!;
    const same = list.findIndex((w) => w.split('=')[0] === name);
    list = same < 0 ? [...list, word] : list.with(same, word);
  }
  return list.join(' ');
}

/** An argument given with its value goes only with that value. */
function withoutWords(line: string, words: readonly string[]): string {
  const gone = (have: string): boolean => words.some((w) => w === have || w === have.split('=')[0]);
  return line
    .split(' ')
    .filter((w) => !gone(w))
    .join(' ');
}

function rewrite(files: Tree, path: string, line: RegExp, edit: (text: string) => string): void {
  files.setFile(
    path,
    text(files, path).replace(
      line,
      (_, head: string, body: string, tail: string) => `${head}${edit(body)}${tail}`,
    ),
  );
}

function text(files: Tree, path: string): string {
  const reading = files.read(path);
  return reading.state === 'read' ? reading.value : '';
}
