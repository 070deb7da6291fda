import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { guestFiles } from '../guest/guests.ts';
import { guestEntries } from '../guest/initramfs.ts';
import { qemuArguments, shapes } from '../machine/shape.ts';
import { deadlineIn, runOk } from '../process.ts';
import { cacheFolder, cacheKey, folderText, forgetOld, publish } from './cache.ts';
import { cpioArchive } from './cpio.ts';
import { machineEntries } from './initramfs.ts';
import { kernelTrimmed, kernelUncompressed } from './kernel.ts';
import { buildRootTree, distributionOfMachine, rootTreeIngredients } from './root-tree.ts';
import { sealImage } from './seal.ts';

/** What a machine boots. */
export type Image = { readonly kernel: string; readonly initramfs: string; readonly disk: string };

/** The image for the rig as it is now: from the cache, or built from Debian packages (about two minutes). */
export async function imageReady(say: (line: string) => void): Promise<Image> {
  const distribution = await distributionOfMachine(say);
  const rootKey = cacheKey(rootTreeIngredients(distribution));
  const root = join(cacheFolder, `root-${rootKey}`);
  const anyFiles = { kernel: '', initramfs: '', disk: '', tool: null, folder: '', sockets: '' };
  const key = cacheKey(
    rootKey,
    folderText('image'),
    folderText('guest'),
    folderText('l1'),
    readFileSync(join(import.meta.dirname, '../wav.ts'), 'utf8'),
    // libvirt's sealed knowledge of the processor is void on another one.
    JSON.stringify(qemuArguments(shapes.intel, anyFiles)),
  );
  const folder = join(cacheFolder, `image-${key}`);
  if (!existsSync(folder)) {
    if (!existsSync(root)) {
      await timed(say, `Debian ${distribution.codename}, kernel ${distribution.kernel}, by mmdebstrap`, () =>
        buildRootTree(root, distribution),
      );
    }
    const draft = `${folder}.draft-${process.pid}`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await timed(say, 'kernel, initramfs and disk', () => assemble(root, distribution.kernel, draft));
    await timed(say, "first boot: guests defined, libvirt's caches sealed in", () =>
      sealImage(imageIn(draft), say),
    );
    publish(draft, folder);
  }
  const now = new Date();
  for (const used of [root, folder]) if (existsSync(used)) utimesSync(used, now, now);
  forgetOld([root, folder]);
  return imageIn(folder);
}

function imageIn(folder: string): Image {
  return {
    kernel: join(folder, 'vmlinux'),
    initramfs: join(folder, 'initramfs.cpio'),
    disk: join(folder, 'disk.img'),
  };
}

async function timed<T>(say: (line: string) => void, what: string, work: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const result = await work();
  say(`image: ${what}: ${((Date.now() - start) / 1000).toFixed(0)} s`);
  return result;
}

async function assemble(root: string, kernel: string, draft: string): Promise<void> {
  const image = imageIn(draft);
  const elf = kernelTrimmed(await kernelUncompressed(readFileSync(join(root, 'boot', `vmlinuz-${kernel}`))));
  writeFileSync(image.kernel, elf);
  writeFileSync(image.initramfs, cpioArchive(machineEntries(root, kernel)));
  // A copy of the tree by hard links: the cached tree stays as Debian made it, and nothing is written into old files.
  const tree = join(draft, 'tree');
  await runOk(['cp', '-al', root, tree], { deadline: deadlineIn(120) });
  rmSync(join(tree, 'boot', `vmlinuz-${kernel}`));
  mkdirSync(join(tree, 'rig'));
  copyFileSync(join(import.meta.dirname, '../l1/init.sh'), join(tree, 'rig/init'));
  chmodSync(join(tree, 'rig/init'), 0o755);
  for (const [path, text] of [
    ['etc/hostname', 'rig\n'],
    ['etc/hosts', '127.0.0.1 localhost rig\n'],
  ] as const) {
    rmSync(join(tree, path), { force: true });
    writeFileSync(join(tree, path), text);
  }
  mkdirSync(join(tree, 'share'));
  writeFileSync(join(tree, guestFiles.kernel), elf);
  writeFileSync(join(tree, guestFiles.initramfs), cpioArchive(await guestEntries(root, kernel)));
  writeFileSync(image.disk, '');
  truncateSync(image.disk, 2 ** 31);
  await runOk(
    [
      'mke2fs',
      '-q',
      '-t',
      'ext4',
      '-E',
      'lazy_itable_init=1,lazy_journal_init=1',
      '-O',
      '^metadata_csum',
      '-m',
      '0',
      '-d',
      tree,
      image.disk,
    ],
    { deadline: deadlineIn(300) },
  );
  rmSync(tree, { recursive: true });
}
