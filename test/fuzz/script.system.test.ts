import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { corpus } from '../../fuzz/corpus.ts';
import { mutate } from '../../fuzz/mutate.ts';
import { script, scriptPlan } from '../../fuzz/targets/script.ts';
import { planScript } from '../../src/plan/show.ts';
import { random } from '../../torture/random.ts';
import { temporaryDirectory } from '../host/temporary.ts';

const TOOL = `#!/bin/sh
printf '%s\\0' "\${0##*/}" "$@" END >> "$LOG"
case "$*" in *dev/stdin*) cat > "$LOG.stdin" ;; esac
`;

// The fuzzer reads scripts as it thinks that a shell does: here a shell does.
test('a script of a plan runs what it says, whatever guests and definitions are called', async (t) => {
  const folder = temporaryDirectory(t);
  for (const tool of ['virsh', 'modprobe']) {
    writeFileSync(join(folder, tool), TOOL);
    chmodSync(join(folder, tool), 0o755);
  }
  const log = join(folder, 'log');
  const seeds = [...(await script.seeds()), ...corpus('script').map(({ input }) => input)];
  const made = Array.from({ length: 120 }, (_, i) =>
    mutate(seeds[i % seeds.length]!, seeds, [...script.words, 'touch forged;', '>forged'], random(i)).slice(
      0,
      2000,
    ),
  );
  // No argument of a process holds a NUL, and none of libvirt's names.
  for (const text of [...seeds, ...made].map((s) => s.replaceAll('\0', ''))) {
    rmSync(log, { force: true });
    const path = join(folder, 'plan.sh');
    writeFileSync(path, planScript(scriptPlan(text), 'qemu:///system'));
    const sh = (...args: string[]) =>
      spawnSync('/bin/sh', [...args, path], {
        cwd: folder,
        env: { PATH: `${folder}:/usr/bin:/bin`, LOG: log },
        encoding: 'utf8',
        timeout: 20_000,
      });
    assert.equal(sh('-n').stderr, '', JSON.stringify(text));
    const { status, stderr } = sh();
    assert.deepEqual([status, stderr], [0, ''], JSON.stringify(text));
    const calls = readFileSync(log, 'utf8')
      .split('\0END\0')
      .slice(0, -1)
      .map((call) => call.split('\0'));
    assert.deepEqual(
      calls.map((call) =>
        call.filter((word) => !word.startsWith('<') && word !== text.replace(/\n\s*/g, '')),
      ),
      [
        ['virsh', 'attach-device', text, '/dev/stdin', '--config'],
        ['virsh', 'metadata', text, '--uri', 'urn:vfioctl:lends:1', '--key', 'vfioctl', '--config', '--set'],
        ['virsh', 'autostart', '--disable', text],
        ['virsh', 'start', text],
        ['modprobe', text],
      ].map((call) => call.filter((word) => !word.startsWith('<') && word !== text.replace(/\n\s*/g, ''))),
      JSON.stringify(text),
    );
    assert.deepEqual(calls[0]?.[2], text);
    assert.equal(calls[4]?.[1], text);
    if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text.replaceAll('\n', '')))
      assert.equal(readFileSync(`${log}.stdin`, 'utf8'), `${text.trimEnd()}\n`);
  }
  assert.ok(!existsSync(join(folder, 'forged')), readdirSync(folder).join(' '));
});
