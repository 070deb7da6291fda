import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectAll } from '../../src/facts/collect.ts';
import { type Capture, captureLoad } from '../../src/host/capture.ts';
import { recorderOf } from '../../src/host/recorder.ts';
import { boardByName } from '../../src/host/simulated/boards/index.ts';
import { simulatedHost } from '../../src/host/simulated/index.ts';

/** What vfioctl would record of a simulated host. */
export async function simulatedCapture(board: string): Promise<Capture> {
  const recorder = recorderOf(simulatedHost(boardByName(board)!));
  await collectAll(recorder.host);
  return recorder.capture({ by: 'fuzz', kind: 'constructed', from: 'a simulated host' });
}

export function recordedCaptures(): Capture[] {
  const folder = join(import.meta.dirname, '../../fixtures/hosts');
  return globSync('*.json', { cwd: folder })
    .sort()
    .map((name) => captureLoad(readFileSync(join(folder, name), 'utf8'), name));
}

/** Its files; bytes as characters of one byte each. */
export function filesOf({ tree }: Capture): Map<string, string> {
  const files = new Map<string, string>();
  for (const [path, entry] of Object.entries(tree)) {
    if ('f' in entry) files.set(path, entry.f);
    if ('b' in entry) files.set(path, Buffer.from(entry.b, 'base64').toString('latin1'));
  }
  return files;
}

/** A header line and what it stands for. */
export function headed(input: string): { readonly head: string; readonly body: string } {
  const end = input.indexOf('\n');
  return end < 0 ? { head: input, body: '' } : { head: input.slice(0, end), body: input.slice(end + 1) };
}
