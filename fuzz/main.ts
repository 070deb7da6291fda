// `npm run fuzz`: every parser is fed with what nobody would write, 60 s each, two at a time.
//   --seconds N   for each parser
//   --parser NAME that one only; may be given again
//   --seed N      the same inputs again (as far as the time allows)
import { parseArgs } from 'node:util';
import { corpusKeep } from './corpus.ts';
import { targets } from './targets/index.ts';
import { watched } from './watch.ts';

const SECONDS = '60';
const WORKERS = 2;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: SECONDS },
    parser: { type: 'string', multiple: true },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const names = values.parser ?? targets.map((t) => t.name);
const milliseconds = Number(values.seconds) * 1000;
const seed = Number(values.seed);
const unknown = names.filter((name) => !targets.some((t) => t.name === name));
if (unknown.length > 0 || !(milliseconds > 0) || !Number.isInteger(seed)) {
  console.error(
    `usage: npm run fuzz -- [--seconds N] [--seed N] [--parser ${targets.map((t) => t.name).join('|')}]…`,
  );
  process.exit(2);
}

console.log(`seed ${seed}, ${values.seconds} s for each of ${names.length} parsers`);
const queue = [...names];
let executions = 0;
let failures = 0;

async function work(): Promise<void> {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const done = await watched(name, seed, milliseconds);
    executions += done.executions;
    failures += done.failures.length;
    console.log(`${name}: ${done.executions} executions, ${done.failures.length} failures`);
    for (const { input, message } of done.failures) {
      console.log(`  kept as ${corpusKeep(name, input)}`);
      console.log(
        message
          .split('\n')
          .slice(0, 8)
          .map((line) => `    ${JSON.stringify(line).slice(1, 300)}`)
          .join('\n'),
      );
    }
  }
}

await Promise.all(Array.from({ length: WORKERS }, work));
console.log(`fuzz: ${names.length} parsers, ${executions} executions, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
