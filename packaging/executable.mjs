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
    // Parsed and compiled here: at each start that would take twice the time of a short command.
    '--bytecode',
    '--format=esm',
    // Whoever runs it as root may stand in a directory of somebody else: Bun would run the code that its files name.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--no-compile-autoload-tsconfig',
    '--no-compile-autoload-package-json',
    join(root, 'dist/vfioctl.js'),
    '--outfile',
    join(root, 'dist/vfioctl-linux-x64'),
  ],
  { stdio: ['ignore', 'ignore', 'inherit'], cwd: root },
);
process.exit(compiled.status ?? 1);
