// `npm run check`: types, lint and format, dead code, unit tests with the import graph. Side by side, quiet when green.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules/.bin', name);
const jobs = [
  ['types', bin('tsc'), ['--noEmit']],
  [
    'lint',
    bin('biome'),
    ['check', '--error-on-warnings', 'src', 'test', 'rig', 'torture', 'fuzz', 'packaging'],
  ],
  ['dead code', bin('knip'), []],
  ['docs', bin('node'), ['packaging/docs.ts', '--check']],
  ['schemas', bin('node'), ['packaging/schemas.ts', '--check']],
  ['readme', bin('node'), ['packaging/readme.ts', '--check']],
  ['unit', bin('node'), ['--test', '--test-isolation=none', '--test-reporter=dot', ...unitTests()]],
];

const started = Date.now();
const results = await Promise.all(jobs.map(([name, command, args]) => run(name, command, args)));
for (const { name, code, output, seconds } of results) {
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd());
}
console.log(
  `check: ${results.filter((r) => r.code === 0).length} passed, ${results.filter((r) => r.code !== 0).length} failed`,
);
console.log(`check took ${((Date.now() - started) / 1000).toFixed(1)} s`);
process.exit(results.every((r) => r.code === 0) ? 0 : 1);

/**
 * All tests that need nothing but Node and are quick. `*.system.test.ts` drive services, and those of torture and fuzz
 * take seconds: they run in `npm test` only.
 */
function unitTests() {
  return globSync('test/**/*.test.ts', { cwd: root }).filter(
    (f) => !f.endsWith('.system.test.ts') && !/^test\/(torture|fuzz)\//.test(f),
  );
}

function run(name, command, args) {
  return new Promise((done) => {
    const begin = Date.now();
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (d) => (output += d));
    child.stderr.on('data', (d) => (output += d));
    child.on('error', (error) => done({ name, code: 1, output: String(error), seconds: 0 }));
    child.on('close', (code) =>
      done({ name, code, output, seconds: ((Date.now() - begin) / 1000).toFixed(1) }),
    );
  });
}
