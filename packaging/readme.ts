// Puts the output of real runs into the README and the guide of the guards; `--check` compares instead.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandRun } from '../src/cli/command-run.ts';
import { hostOpen } from '../src/host/open.ts';

const root = join(import.meta.dirname, '..');
const README = 'README.md';
const GUIDE = 'docs/guides/what-vfioctl-will-not-let-you-do.md';

async function storyBlock(): Promise<string> {
  const { stdout } = await commandRun(async () => {
    throw new Error('try opens no host');
  }, ['try']);
  const begin = stdout.indexOf('$ vfioctl assign');
  const end = stdout.indexOf('\n\nMake a sound', begin);
  if (begin < 0 || end < 0) throw new Error('the story has lost its place');
  return stdout.slice(begin, end);
}

/** A refusal on a terminal, up to where the words are typed. */
async function refusalBlock(): Promise<string> {
  const argv = ['assign', '00:07.0', 'tone'];
  const { stderr } = await commandRun(await hostOpen('sim:rig-intel'), argv, { typed: [''] });
  return `$ sudo vfioctl ${argv.join(' ')}\n${stderr.trimEnd()}`;
}

function withBlock(path: string, place: RegExp, block: string): [path: string, old: string, fresh: string] {
  const old = readFileSync(join(root, path), 'utf8');
  if (!place.test(old)) throw new Error(`${path} has lost its place`);
  return [path, old, old.replace(place, () => `\`\`\`\n${block}\n\`\`\``)];
}

const documents = [
  withBlock(README, /```\n\$ vfioctl assign[\s\S]*?\n```/, await storyBlock()),
  withBlock(GUIDE, /```\n\$ sudo vfioctl assign[\s\S]*?\n```/, await refusalBlock()),
];
for (const [path, old, fresh] of documents) {
  if (!process.argv.includes('--check')) writeFileSync(join(root, path), fresh);
  else if (fresh !== old) {
    console.error(`${path} shows an old run; run: node packaging/readme.ts`);
    process.exitCode = 1;
  }
}
