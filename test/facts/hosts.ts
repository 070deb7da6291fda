import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Capture, captureHost, captureLoad } from '../../src/host/capture.ts';
import type { Host } from '../../src/host/host.ts';
import { Tree } from '../../src/host/tree.ts';

const FOLDER = resolve(import.meta.dirname, '../../fixtures/hosts');

/** A recorded host of fixtures/hosts. */
export function recordedHost(name: string): Host {
  return captureHost(recordedCapture(name));
}

export function recordedCapture(name: string): Capture {
  return captureLoad(recordedText(`${name}.json`), name);
}

export function recordedText(file: string): string {
  return readFileSync(`${FOLDER}/${file}`, 'utf8');
}

/**
 * A host put together for one test: files by path, where a value that begins with `->` is a link and `!why` cannot
 * be read. All else is absent.
 */
export function constructedHost(
  files: Readonly<Record<string, string | Uint8Array>>,
  runs: Capture['runs'] = [],
  root = true,
): Host {
  const tree = new Tree();
  tree.setDirectory('/');
  for (const [path, content] of Object.entries(files)) {
    if (typeof content === 'string' && content.startsWith('->')) tree.setLink(path, content.slice(2));
    else tree.setFile(path, content);
  }
  const record = tree.toRecord();
  for (const [path, content] of Object.entries(files)) {
    if (typeof content === 'string' && content.startsWith('!')) record[path] = { e: content.slice(1) };
  }
  const made: Capture['made'] = {
    by: 'a test',
    at: '2026-11-25T09:00:00.000Z',
    bootId: null,
    origin: { kind: 'simulated', name: 'constructed' },
    root,
    kind: 'constructed',
    from: null,
  };
  return captureHost({ schema: 'vfioctl/capture/1', made, tree: record, runs });
}
