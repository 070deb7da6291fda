// Writes docs/findings/ from the rules themselves; `--check` compares instead.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rules } from '../src/findings/index.ts';
import type { Rule, RulePage } from '../src/findings/rule.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../docs/findings');
const NOTE = '<!-- Generated from src/findings/rules by packaging/docs.ts; edit the rule. -->';
const ABOUT = { host: 'The host', function: 'A function', guest: 'The guest' } as const;

export function pages(): Map<string, string> {
  const written = rules.map((rule): [string, string] => [`${rule.id}.md`, rulePage(rule)]);
  return new Map([['README.md', indexPage()], ...written]);
}

function rulePage(rule: Rule): string {
  const { what, why, cure }: RulePage = rule.page;
  const messages = rule.signatures.map((signature) => `- \`${signature.source}\``);
  const explains = rule.explainsAway.map((id) => `- [${id}](${id}.md)`);
  const parts = [
    NOTE,
    `# ${rule.id}`,
    what,
    `## Why it matters\n\n${why}`,
    `## What to do\n\n${cure}`,
    ...(messages.length > 0
      ? [`## Messages that it leaves\n\nAs regular expressions:\n\n${messages.join('\n')}`]
      : []),
    ...(explains.length > 0 ? [`## Explains\n\n${explains.join('\n')}`] : []),
    `About: ${ABOUT[rule.about].toLowerCase()}. Facts: ${rule.needs.join(', ')}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function indexPage(): string {
  const sections = (['host', 'function', 'guest'] as const).map((about) => {
    const rows = rules
      .filter((r) => r.about === about)
      .map((r) => `| [${r.id}](${r.id}.md) | ${r.page.what} |`);
    return `## ${ABOUT[about]}\n\n| rule | found when |\n|---|---|\n${rows.join('\n')}`;
  });
  const intro =
    'What `vfioctl doctor` looks for, and what refuses an assignment. One page a rule; the id is its name everywhere.';
  return `${[NOTE, '# Findings', intro, ...sections].join('\n\n')}\n`;
}

if (import.meta.main) {
  const wanted = pages();
  mkdirSync(folder, { recursive: true });
  const there = readdirSync(folder);
  if (process.argv.includes('--check')) {
    const stale = [...wanted]
      .filter(([name, text]) => !there.includes(name) || read(name) !== text)
      .map(([name]) => name);
    const extra = there.filter((name) => !wanted.has(name));
    if (stale.length + extra.length > 0) {
      console.error(`docs/findings: stale: ${[...stale, ...extra].join(', ')}; run: node packaging/docs.ts`);
      process.exit(1);
    }
  } else {
    for (const [name, text] of wanted) writeFileSync(join(folder, name), text);
  }
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
