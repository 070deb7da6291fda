import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunningChild } from '../../src/host/host.ts';
import { processRun, processStartTicks } from '../../src/host/process.ts';

const node = process.execPath;

test('a process gives its code and both outputs, in an environment of our own', async () => {
  process.env.LIBVIRT_DEFAULT_URI = 'qemu+ssh://elsewhere/system';
  const script = 'console.log(JSON.stringify(process.env)); console.error("no"); process.exit(3)';
  const result = await processRun([node, '-e', script]);
  delete process.env.LIBVIRT_DEFAULT_URI;
  assert.equal(result.code, 3);
  assert.equal(result.stderr, 'no\n');
  assert.equal(result.timedOut, false);
  const env = JSON.parse(result.stdout) as Record<string, string>;
  assert.equal(env.LC_ALL, 'C');
  assert.equal(env.LIBVIRT_DEFAULT_URI, undefined, 'only --connect says which libvirt');
  if (process.getuid?.() === 0) assert.match(env.PATH ?? '', /^\/usr\/sbin:/);
});

test('no shell comes between', async () => {
  const result = await processRun(['printf', '%s', '$HOME; echo `id` *']);
  assert.equal(result.stdout, '$HOME; echo `id` *');
});

test('a tool that is not there answers 127 and is named', async () => {
  const result = await processRun(['vfioctl-no-such-tool', '--x']);
  assert.equal(result.code, 127);
  assert.equal(result.stderr, 'vfioctl-no-such-tool: command not found\n');
  const forbidden = await processRun(['/etc/passwd']);
  assert.deepEqual([forbidden.code, forbidden.stderr], [126, '/etc/passwd: EACCES\n']);
});

test('input is read by name too, and large input does not block', async () => {
  const text = `${'x'.repeat(300_000)}\n`;
  const result = await processRun(['cat', '/dev/stdin'], { input: text });
  assert.equal(result.stdout, text);
  assert.equal((await processRun(['cat'])).stdout, '', 'without input there is none');
});

test('output past 8 MiB is dropped, and the child still ends', async () => {
  const result = await processRun([node, '-e', 'process.stdout.write("x".repeat(9 * 1024 * 1024))']);
  assert.equal(result.code, 0);
  assert.equal(result.stdout.length, 8 * 1024 * 1024);
});

test('the deadline ends a child that ignores SIGTERM, and says so', async () => {
  let child: RunningChild | undefined;
  const script = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)';
  const result = await processRun([node, '-e', script], {
    deadlineMs: 600,
    started: (c) => {
      child = c;
    },
  });
  assert.equal(result.timedOut, true);
  assert.equal(result.code, null);
  assert.equal(result.stdout, 'up\n', 'what it said before is kept');
  assert.ok(result.ms >= 600 && result.ms < 4000, `${result.ms} ms`);
  assert.ok(child && child.startTicks !== null && child.startTicks > 0);
  assert.equal(processStartTicks(child.pid), null, 'it is gone');
});

test('a grandchild that keeps the pipes open is not waited for', async () => {
  const script =
    'require("child_process").spawn("sleep", ["4"], { stdio: "inherit", detached: true }).unref(); console.log("done")';
  const result = await processRun([node, '-e', script]);
  assert.equal(result.code, 0);
  assert.equal(result.stdout, 'done\n');
  assert.ok(result.ms < 3500, `${result.ms} ms`);
});

test('the start time is the field of the kernel, whatever the process is called', () => {
  const ticks = processStartTicks(process.pid);
  assert.ok(ticks !== null && ticks > 0);
  assert.equal(processStartTicks(2 ** 22 + 1), null);
});
