// Puts the output of a real run into the README; `--check` compares instead.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandRun } from '../src/cli/command-run.ts';

const path = join(import.meta.dirname, '../README.md');
const readme = readFileSync(path, 'utf8');
const block = /```\n(?:<!-- run -->|\$ vfioctl assign[\s\S]*?)\n```/;

const { stdout } = await commandRun(async () => {
  throw new Error('try opens no host');
}, ['try']);
const begin = stdout.indexOf('$ vfioctl assign');
const end = stdout.indexOf('\n\nMake a sound', begin);
if (begin < 0 || end < 0 || !block.test(readme))
  throw new Error('the story or the README has lost its place');
const fresh = readme.replace(block, () => `\`\`\`\n${stdout.slice(begin, end)}\n\`\`\``);
if (process.argv.includes('--check')) {
  if (fresh !== readme) {
    console.error('README.md shows an old run; run: node packaging/readme.ts');
    process.exit(1);
  }
} else {
  writeFileSync(path, fresh);
}
