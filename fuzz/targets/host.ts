import assert from 'node:assert/strict';
import { collectAll } from '../../src/facts/collect.ts';
import { Snapshot } from '../../src/facts/snapshot.ts';
import { Finding } from '../../src/findings/finding.ts';
import { findingsOf } from '../../src/findings/index.ts';
import { verdictOf } from '../../src/findings/verdict.ts';
import { type Capture, captureHost } from '../../src/host/capture.ts';
import { modelOf } from '../../src/model/model.ts';
import { findingsText } from '../../src/report/findings.ts';
import { styleOf } from '../../src/report/terminal.ts';
import { answer, assertHarmless } from '../answer.ts';
import type { Target } from '../target.ts';
import { filesOf, headed, recordedCaptures, simulatedCapture } from './captures.ts';

const base = await simulatedCapture('i7-2620m');

/**
 * Any one file of the host, `PATH` and then its content; a content that begins with `->` is a link, with `!` what it
 * cannot be read for, with `@` names in a directory. A look never fails, and every rule has an answer.
 */
export const host: Target = {
  name: 'host',
  headed: true,
  seeds() {
    const captures = [base, ...recordedCaptures()];
    const files = new Map(captures.flatMap((capture) => [...filesOf(capture)]));
    return [...files]
      .filter(([path]) => !path.startsWith('/usr/'))
      .map(([path, content]) => `${path}\n${content}`);
  },
  words: [
    ...[
      '->../../../devices/pci0000:00/0000:00:1b.0',
      '->/',
      '->.',
      '!permission denied',
      '@a',
      '@0000:00:1b.0\n..',
    ],
    ...[
      'E:ID_FS_TYPE=vfat',
      'S:disk/by-id/x',
      '8:1',
      '0:31',
      '\\040',
      ' - ext4 /dev/sda1 rw',
      'UUID=',
      'options vfio-pci ids=',
    ],
    ...['DMAR', 'IR-', 'root=', 'CONFIG_VFIO=y', '0x8086', 'ff', '0000:00:1b.0', '10000:e1:00.0'],
  ],
  async run(input) {
    const { head, body } = headed(input);
    if (!head.startsWith('/')) return;
    const entry = body.startsWith('->')
      ? { l: body.slice(2) }
      : body.startsWith('!')
        ? { e: body.slice(1) }
        : body.startsWith('@')
          ? { d: body.slice(1).split('\n') }
          : { f: body };
    await hostCheck({ ...base, tree: { ...base.tree, [head]: entry } });
  },
};

/** Looks at a host and asks every rule about all of it. */
export async function hostCheck(capture: Capture): Promise<void> {
  const snapshot = await collectAll(captureHost(capture));
  Snapshot.parse(snapshot);
  const model = answer(() => modelOf(snapshot));
  if (model === undefined) return;
  const functions = [...model.functions.keys()];
  const question = { functions, guest: model.guests[0]?.uuid ?? null, slot: null };
  const findings = findingsOf(model, question);
  for (const finding of findings) Finding.parse(finding);
  for (const address of functions) assert.ok(verdictOf(model, address).text.length > 0);
  const text = findingsText(findings, { style: styleOf(false), columns: 100, verbose: true });
  assertHarmless(text.join('\n'));
}
