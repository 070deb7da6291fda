import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian packages that the rig needs on the machine that runs it, each with a program that shows it is there. */
export const rigPackages: readonly { readonly package: string; readonly program: string }[] = [
  { package: 'qemu-system-x86', program: 'qemu-system-x86_64' },
  { package: 'qemu-utils', program: 'qemu-img' },
  { package: 'mmdebstrap', program: 'mmdebstrap' },
  { package: 'e2fsprogs', program: 'mke2fs' },
  { package: 'kmod', program: 'depmod' },
  { package: 'xz-utils', program: 'xz' },
  { package: 'util-linux', program: 'setpriv' },
];

/** The packages of the list whose program is not on PATH (nor in the administrator's folders). */
export function programsMissing(
  list: readonly { readonly package: string; readonly program: string }[],
  path: string = process.env.PATH ?? '',
): string[] {
  const folders = [...path.split(delimiter), '/usr/sbin', '/sbin'].filter((folder) => folder !== '');
  const present = (program: string): boolean =>
    folders.some((folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  return list.filter((entry) => !present(entry.program)).map((entry) => entry.package);
}

export function rigPackagesMissing(path?: string): string[] {
  return programsMissing(rigPackages, path);
}
