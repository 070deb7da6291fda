// One file that needs no Node: the bundle compiled with Bun's baseline runtime (no AVX2 needed).
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = spawnSync(process.execPath, [join(root, 'packaging/build.mjs')], { stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);
const bun = join(root, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');
const compiled = spawnSync(
  bun,
  [
    'build',
    '--compile',
    '--minify-syntax',
    join(root, 'dist/vfioctl.js'),
    '--outfile',
    join(root, 'dist/vfioctl-linux-x64'),
  ],
  { stdio: ['ignore', 'ignore', 'inherit'], cwd: root },
);
process.exit(compiled.status ?? 1);
