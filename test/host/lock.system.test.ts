import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from './temporary.ts';

const TAKERS = 8;

test('eight processes want the host at the same moment: never two have it, and who must wait is told whom for', async (t) => {
  const top = temporaryDirectory(t);
  const log = join(top, 'log');
  writeFileSync(log, '');
  const live = resolve(import.meta.dirname, '../../src/host/live.ts');
  // Each goes on until it has had the lock once; what it does meanwhile is in the log, in the kernel's order.
  const script = `
    const { appendFileSync } = await import('node:fs');
    const { liveHost } = await import(${JSON.stringify(live)});
    const host = liveHost(${JSON.stringify(join(top, 'run'))});
    const told = new Set();
    for (;;) {
      try {
        const lock = await host.lock('taker ' + process.pid);
        appendFileSync(${JSON.stringify(log)}, 'in ' + process.pid + '\\n');
        await host.sleep(60);
        appendFileSync(${JSON.stringify(log)}, 'out ' + process.pid + '\\n');
        await lock.release();
        break;
      } catch (error) {
        if (error.code !== 'busy') throw error;
        told.add(error.message);
        await host.sleep(10);
      }
    }
    console.log(JSON.stringify([...told]));`;
  const takers = Array.from({ length: TAKERS }, async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    const code = await new Promise((ended) => child.once('close', ended));
    assert.equal(code, 0);
    return { pid: child.pid!, told: JSON.parse(said) as string[] };
  });
  const ended = await Promise.all(takers);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  assert.equal(lines.length, 2 * TAKERS);
  for (let at = 0; at < lines.length; at += 2) {
    assert.equal(lines[at]!.replace('in ', 'out '), lines[at + 1], `nobody came between: ${lines}`);
  }
  const messages = ended.flatMap((e) => e.told);
  assert.ok(messages.length > 0, 'somebody had to wait');
  for (const message of messages)
    assert.match(message, /^another vfioctl changes this host: (pid \d+, taker \d+|it has just begun)$/);
  const named = messages.filter((m) => ended.some(({ pid }) => m.endsWith(`pid ${pid}, taker ${pid}`)));
  assert.ok(named.length > 0, 'and was told for whom');
});
