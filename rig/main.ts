import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { Scenario } from './bench/scenario.ts';
import { runSuite } from './bench/suite.ts';
import { imageReady } from './image/build.ts';
import { cacheFolder } from './image/cache.ts';
import { Machine } from './machine/machine.ts';
import { shapes } from './machine/shape.ts';
import { forgetSockets } from './machine/sockets.ts';
import { makeToolDisk, toolAsked, toolMissing } from './machine/tool-disk.ts';
import { rigPackagesMissing } from './packages.ts';
import { shellOnTerminal } from './shell.ts';
import { suites } from './suites.ts';

const usage = `usage: npm run rig -- SUITE [SCENARIO…] [SUITE…]
       npm run rig -- shell [MACHINE]
       npm run rig -- build
suites: ${Object.keys(suites).join(', ')}
machines: ${Object.keys(shapes).join(', ')}
RIG_LANES=N machines side by side (here: ${lanesAsked()}); RIG_RUNTIME=node runs vfioctl's bundle on Node
RIG_DIST=DIR takes vfioctl from there; RIG_TRACE=1 shows everything that is run`;

const runs = join(cacheFolder, 'run');
const say = (line: string): void => console.log(line);

function lanesAsked(): number {
  return Number(process.env.RIG_LANES ?? Math.min(2, availableParallelism()));
}

class Usage extends Error {}

/** `sound by-hand gate` is suite sound with one scenario, then all of gate. */
function chosen(words: readonly string[]): { suite: string; scenarios: readonly Scenario[] }[] {
  const choice: { suite: string; scenarios: Scenario[] }[] = [];
  for (const word of words) {
    const last = choice.at(-1);
    const scenario = last && suites[last.suite]?.find((candidate) => candidate.name === word);
    if (suites[word] !== undefined) choice.push({ suite: word, scenarios: [] });
    else if (scenario) last.scenarios.push(scenario);
    else
      throw new Usage(
        last
          ? `suite ${last.suite} has no scenario ${word}: ${suites[last.suite]?.map((one) => one.name).join(', ')}`
          : `no suite ${word}`,
      );
  }
  return choice.map(({ suite, scenarios }) => ({
    suite,
    scenarios: scenarios.length > 0 ? scenarios : (suites[suite] ?? []),
  }));
}

async function toolDisk(wanted: boolean): Promise<string | null> {
  const asked = toolAsked();
  const missing = toolMissing(asked);
  if (missing.length === 0) return makeToolDisk(runs, asked);
  if (wanted) throw new Usage(`missing: ${missing.join(', ')}`);
  say(`without vfioctl: ${missing.join(', ')}`);
  return null;
}

async function main(words: readonly string[]): Promise<number> {
  const [verb = ''] = words;
  const missing = rigPackagesMissing();
  if (missing.length > 0) throw new Usage(`the rig needs: apt-get install ${missing.join(' ')}`);
  forgetSockets();
  if (verb === 'build') {
    await imageReady(say);
    return 0;
  }
  if (verb === 'shell') {
    const shape = Object.values(shapes).find((one) => one.name === (words[1] ?? 'intel'));
    if (shape === undefined) throw new Usage(`no machine ${words[1]}`);
    const { kernel, initramfs, disk } = await imageReady(say);
    const tool = await toolDisk(false);
    say('powering on…');
    const machine = await Machine.boot({
      shape,
      kernel,
      initramfs,
      image: disk,
      tool,
      runs,
      lifeSeconds: 86_400,
      say,
    });
    await shellOnTerminal(machine);
    await machine.powerOff();
    machine.discard();
    if (tool !== null) rmSync(dirname(tool), { recursive: true });
    return 0;
  }
  const choice = chosen(words);
  if (choice.length === 0) throw new Usage('which suite?');
  const image = await imageReady(say);
  const tool = await toolDisk(choice.some(({ scenarios }) => scenarios.some((one) => one.usesVfioctl)));
  let failed = 0;
  for (const { suite, scenarios } of choice) {
    const result = await runSuite(suite, scenarios, { image, tool, runs, lanes: lanesAsked(), say });
    failed += result.failed;
  }
  if (tool !== null) rmSync(dirname(tool), { recursive: true });
  return failed === 0 ? 0 : 1;
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (cause) {
  if (!(cause instanceof Usage)) throw cause;
  console.error(`${cause.message}\n${usage}`);
  process.exit(2);
}
