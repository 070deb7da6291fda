import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { liveHost } from '../../src/host/live.ts';
import { temporaryDirectory } from './temporary.ts';

const busy = (words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === 'busy' && words.test(error.message);

test('a second taker is told who has the lock, and gets it after its release', async (t) => {
  const directory = join(temporaryDirectory(t), 'run');
  const first = await liveHost(directory).lock('assign 0000:00:1b.0 to f20vm');
  await assert.rejects(
    liveHost(directory).lock('release'),
    busy(new RegExp(`pid ${process.pid}, assign 0000:00:1b\\.0 to f20vm`)),
  );
  await first.release();
  const second = await liveHost(directory).lock('release');
  assert.match(readFileSync(join(directory, 'lock'), 'utf8'), /, release$/m);
  await second.release();
});

test('a holder that is killed leaves no lock behind', async (t) => {
  const directory = join(temporaryDirectory(t), 'run');
  const live = resolve(import.meta.dirname, '../../src/host/live.ts');
  const script = `const { liveHost } = await import(${JSON.stringify(live)});
    await liveHost(${JSON.stringify(directory)}).lock('assign'); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((held) => holder.stdout.once('data', held));
  await assert.rejects(liveHost(directory).lock('undo'), busy(new RegExp(`pid ${holder.pid}, assign`)));
  const gone = new Promise((ended) => holder.once('exit', ended));
  holder.kill('SIGKILL');
  await gone;
  const end = Date.now() + 5000;
  for (;;) {
    const lock = await liveHost(directory)
      .lock('undo')
      .catch((error: Error) => error);
    if (!(lock instanceof Error)) {
      await lock.release();
      break;
    }
    assert.ok(Date.now() < end, `still locked: ${lock.message}`);
    await new Promise((wait) => setTimeout(wait, 50));
  }
});
