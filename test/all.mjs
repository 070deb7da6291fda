// `npm test`: everything that a change must pass, in one go, from a clean clone. See CONTRIBUTING.md for the times.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const node = join(root, 'node_modules/.bin/node');
const { packagesMissing } = await import('./packages.ts');

packagesInstall();
const stages = [
  ['check', [node, 'test/check.mjs']],
  ['build', [node, 'packaging/executable.mjs']],
  ['package', [join(root, 'node_modules/.bin/publint'), '--strict']],
  ['system', [node, '--test', '--test-concurrency=1', 'test/**/*.system.test.ts']],
  [
    'torture and fuzz',
    [node, '--test', '--test-isolation=none', 'test/torture/*.test.ts', 'test/fuzz/{corpus,session}.test.ts'],
  ],
  ['torture', [node, 'torture/main.ts', '--seed', '1', '--kills', '1000']],
  ['rig gate', [node, 'rig/main.ts', 'gate']],
];
const failed = [];
for (const [name, [command, ...args]] of stages) {
  const begin = Date.now();
  console.log(`\n=== ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(
    `=== ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - begin) / 1000).toFixed(0)} s`,
  );
  if (status !== 0) failed.push(name);
  // Nothing later can be trusted when the program does not even build.
  if (status !== 0 && name === 'build') break;
}
for (const name of failed) console.log(`FAILED: ${name}`);
console.log(`${stages.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);

/** Debian packages that the tests drive: installed when we may, asked for when we may not. */
function packagesInstall() {
  const missing = packagesMissing();
  if (missing.length === 0) return;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  const debian = existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
  if (!debian || process.getuid() !== 0) {
    console.error(
      `npm test needs these Debian packages: ${missing.join(' ')}\ninstall them with: sudo ${install.join(' ')}`,
    );
    process.exit(1);
  }
  console.log(`installing what the tests need: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const argv of [
    ['apt-get', 'update', '-qq'],
    [...install, '-qq'],
  ]) {
    const { status } = spawnSync(argv[0], argv.slice(1), { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) process.exit(1);
  }
}
