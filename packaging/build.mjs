// Bundles the command line and the library for Node >= 20.19, and puts the command where `npx vfioctl` looks for it.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// `npm ci --omit=dev` of the published package has nothing to build with, and nothing to build: dist is in it.
if (!existsSync(join(root, 'node_modules/esbuild'))) process.exit(0);
const { build } = await import('esbuild');

// The executable stays: it is another script's, and `npx vfioctl` in a checkout builds anew each time.
mkdirSync(dist, { recursive: true });
for (const name of readdirSync(dist)) {
  if (!name.startsWith('vfioctl-linux')) rmSync(join(dist, name), { recursive: true });
}
const shared = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  define: { VFIOCTL_VERSION: JSON.stringify(version) },
  legalComments: 'none',
  logLevel: 'warning',
};
// Commands load their stages by dynamic import: splitting keeps `list` from parsing what only `assign` needs.
await build({
  ...shared,
  entryPoints: { vfioctl: join(root, 'src/cli/bin.ts') },
  outdir: dist,
  splitting: true,
  chunkNames: 'chunk-[hash]',
  minifySyntax: true,
});
await build({
  ...shared,
  entryPoints: [join(root, 'src/index.ts')],
  outfile: join(dist, 'index.js'),
  external: ['zod'],
});
chmodSync(join(dist, 'vfioctl.js'), 0o755);

const types = spawnSync(
  join(root, 'node_modules/.bin/tsc'),
  ['--project', join(root, 'packaging/tsconfig.types.json')],
  { stdio: 'inherit' },
);
if (types.status !== 0) process.exit(types.status ?? 1);

// npm links the commands of dependencies only, not of the project itself.
const bin = join(root, 'node_modules/.bin/vfioctl');
mkdirSync(dirname(bin), { recursive: true });
rmSync(bin, { force: true });
symlinkSync('../../dist/vfioctl.js', bin);
