// Writes docs/findings/ and the guide's table from the rules themselves; `--check` compares instead.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../src/findings/finding.ts';
import { rules } from '../src/findings/index.ts';
import { refusalsOf } from '../src/findings/refusal.ts';
import type { Rule, RulePage } from '../src/findings/rule.ts';
import { modelOf } from '../src/model/model.ts';
import { findingText } from '../src/report/findings.ts';
import { styleOf } from '../src/report/terminal.ts';
import { caseFile, caseSnapshot, HOST_ONLY } from '../test/findings/cases.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../docs/findings');
const guideFile = join(folder, '../guides/what-vfioctl-will-not-let-you-do.md');
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
    ...refusalSection(rule),
    ...(messages.length > 0
      ? [`## Messages that it leaves\n\nAs regular expressions:\n\n${messages.join('\n')}`]
      : []),
    ...(explains.length > 0 ? [`## Explains\n\n${explains.join('\n')}`] : []),
    `About: ${ABOUT[rule.about].toLowerCase()}. Facts: ${rule.needs.join(', ')}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Refusals of the rule's fixtures, word for word as the command line prints them: one to insist on, one without words. */
function refusalSection(rule: Rule): string[] {
  const refusals = refusalsIn(rule);
  const shown = [refusals.find((r) => r.accept !== null), refusals.find((r) => r.accept === null)];
  const blocks = shown
    .filter((r) => r !== undefined)
    .map((refusal) => {
      const said = findingText(refusal, { style: styleOf(false), columns: 100, verbose: false });
      return `\`\`\`\n${said.join('\n')}\n\`\`\`\n\n${insisting(refusal)}`;
    });
  return blocks.length > 0 ? [`## How it is said\n\n${blocks.join('\n\n')}`] : [];
}

/** What the rule refuses in its fixtures, in their order. */
function refusalsIn(rule: Rule): Finding[] {
  return caseFile(rule.id).cases.flatMap((one) =>
    refusalsOf(rule.predict(modelOf(caseSnapshot(one)), one.question ?? HOST_ONLY)).filter(
      (finding) => finding.rule === rule.id && finding.state === 'found',
    ),
  );
}

function insisting(refusal: Finding): string {
  if (refusal.severity === 'blocker') return 'No words override it: it cannot work.';
  if (refusal.accept === null) return 'No words override it: the host could not go on.';
  return 'Whoever types these words when asked, or gives them with `--accept`, is not refused. They name what would be lost; where that is something else, so are the words.';
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

/** The guide's table: every guard, and the words that its fixtures ask for. */
function guidePage(old: string): string {
  const rows = rules.flatMap((rule) => {
    const guards = refusalsIn(rule).filter((r) => r.severity === 'guard');
    if (guards.length === 0) return [];
    const words = [...new Set(guards.flatMap((r) => (r.accept === null ? [] : [r.accept])))].slice(0, 2);
    const never = guards.some((r) => r.accept === null);
    const said = [...words.map((w) => `\`${w}\``), ...(never ? ['none where the host could not go on'] : [])];
    return [`| [${rule.id}](../findings/${rule.id}.md) | ${rule.page.what} | ${said.join(', ')} |`];
  });
  const table = ['| guard | found when | words, for example |', '|---|---|---|', ...rows].join('\n');
  const place = /<!-- guards -->[\s\S]*<!-- \/guards -->/;
  if (!place.test(old)) throw new Error('the guide has lost the place of its table');
  return old.replace(place, () => `<!-- guards -->\n${table}\n<!-- /guards -->`);
}

if (import.meta.main) {
  const wanted = pages();
  const guide = readFileSync(guideFile, 'utf8');
  mkdirSync(folder, { recursive: true });
  const there = readdirSync(folder);
  if (process.argv.includes('--check')) {
    const stale = [...wanted]
      .filter(([name, text]) => !there.includes(name) || read(name) !== text)
      .map(([name]) => name);
    const extra = there.filter((name) => !wanted.has(name));
    if (guidePage(guide) !== guide) stale.push('../guides');
    if (stale.length + extra.length > 0) {
      console.error(`docs/findings: stale: ${[...stale, ...extra].join(', ')}; run: node packaging/docs.ts`);
      process.exit(1);
    }
  } else {
    for (const [name, text] of wanted) writeFileSync(join(folder, name), text);
    writeFileSync(guideFile, guidePage(guide));
  }
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
