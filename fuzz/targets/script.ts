import assert from 'node:assert/strict';
import type { Plan } from '../../src/plan/plan.ts';
import { planScript } from '../../src/plan/show.ts';
import type { Target } from '../target.ts';

/** A plan in which everything that a stranger could have named is the text. */
export function scriptPlan(text: string): Plan {
  const guest = { uuid: text, name: text };
  const address = '0000:01:00.0';
  const xml = { before: { xml: null }, after: { xml: text } };
  return {
    schema: 'vfioctl/plan/1',
    verb: 'assign',
    guest,
    functions: [address],
    steps: [
      { id: '1', kind: 'guest-hostdev', target: { guest, address, scope: 'config' }, ...xml },
      { id: '2', kind: 'guest-metadata', target: { guest }, ...xml },
      { id: '3', kind: 'guest-autostart', target: { guest }, before: { on: true }, after: { on: false } },
      {
        id: '4',
        kind: 'guest-start',
        target: { guest },
        before: { running: false },
        after: { running: true },
      },
      {
        id: '5',
        kind: 'module-load',
        target: { module: text },
        before: { loaded: false },
        after: { loaded: true },
      },
    ],
    deferred: [
      {
        id: '6',
        kind: 'guest-start',
        target: { guest },
        before: { running: false },
        after: { running: true },
      },
    ],
    difference: [],
    notes: [],
  };
}

/** Plan and undo as a script that somebody may pipe into a shell: no name in it is ever a command of its own. */
export const script: Target = {
  name: 'script',
  seeds: () => [
    'tone',
    "it's mine; rm -rf ~",
    '<hostdev>\nXML\nrm -rf ~\n</hostdev>',
    '$(id)`id`',
    'a\nXML\nXMLX\n',
    "'\"'",
    '\\',
  ],
  words: ['XML', 'XMLX', '\nXML\n', "'", "\\'", '<<', '$(', '`', '#', '\n', ';', '&', '!'],
  run(input) {
    const text = planScript(scriptPlan(input), 'qemu:///system');
    const commands = commandsOf(text);
    assert.deepEqual(
      commands.map(([tool = '', verb = '']) => (tool === 'virsh' ? `${tool} ${verb}` : tool)),
      [
        'set',
        'export',
        'virsh attach-device',
        'virsh metadata',
        'virsh autostart',
        'virsh start',
        'modprobe',
      ],
    );
    assert.equal(commands.at(-1)?.at(-1), input);
    assert.equal(commands[2]?.[2], input);
  },
};

/** The simple commands of a script as a shell reads it: words unquoted, comments and here documents passed over. */
function commandsOf(text: string): string[][] {
  const commands: string[][] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] === '\n') {
      at++;
    } else if (text[at] === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else {
      const command = commandAt(text, at);
      commands.push(command.words);
      at = command.end;
      if (command.here !== null) {
        const end = text.indexOf(`\n${command.here}\n`, at - 1);
        assert.ok(end >= 0, 'the here document ends');
        at = end + command.here.length + 2;
      }
    }
  }
  return commands;
}

function commandAt(text: string, from: number): { words: string[]; here: string | null; end: number } {
  const words: string[] = [];
  let word: string | null = null;
  let here = false;
  let at = from;
  for (; at < text.length && text[at] !== '\n'; at++) {
    const c = text[at]!;
    if (c === "'") {
      const close = text.indexOf("'", at + 1);
      assert.ok(close >= 0, 'a quote is closed');
      word = (word ?? '') + text.slice(at + 1, close);
      at = close;
    } else if (c === '\\') {
      at++;
      word = (word ?? '') + (text[at] ?? '');
    } else if (c === ' ') {
      if (word !== null) words.push(word);
      word = null;
    } else {
      assert.match(c, /[\w@%+=:,./<-]/, `${JSON.stringify(c)} stands unquoted`);
      here ||= c === '<';
      word = (word ?? '') + c;
    }
  }
  if (word !== null) words.push(word);
  return { words, here: here ? words.pop()!.slice(2) : null, end: at + 1 };
}
