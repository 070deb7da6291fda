import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Kernel modules with all that they need, in the order in which insmod can load them. */
export type ModuleOrder = readonly { readonly name: string; readonly file: string }[];

function moduleName(path: string): string {
  return basename(path.trim())
    .replace(/\.ko(\..*)?$/, '')
    .replaceAll('-', '_');
}

/** Follows modules.dep (depmod(8)) of the tree's kernel; what is built in needs no loading and is left out. */
export function modulesInOrder(tree: string, kernel: string, wanted: readonly string[]): ModuleOrder {
  const folder = join(tree, 'lib/modules', kernel);
  const dependencies = new Map<string, string[]>();
  const paths = new Map<string, string>();
  for (const line of readFileSync(join(folder, 'modules.dep'), 'utf8').split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const path = line.slice(0, colon);
    paths.set(moduleName(path), path);
    dependencies.set(
      path,
      line
        .slice(colon + 1)
        .split(' ')
        .filter((word) => word !== ''),
    );
  }
  const builtIn = new Set(readFileSync(join(folder, 'modules.builtin'), 'utf8').split('\n').map(moduleName));
  const order: string[] = [];
  const add = (path: string): void => {
    if (order.includes(path)) return;
    for (const needed of dependencies.get(path) ?? []) add(needed);
    order.push(path);
  };
  for (const name of wanted.map((word) => word.replaceAll('-', '_'))) {
    const path = paths.get(name);
    if (path !== undefined) add(path);
    else if (!builtIn.has(name)) throw new Error(`kernel ${kernel} in the image has no module ${name}`);
  }
  return order.map((path) => ({ name: moduleName(path), file: join(folder, path) }));
}
