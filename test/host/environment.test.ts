import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { RunResult } from '../../src/host/host.ts';
import { temporaryDirectory } from './temporary.ts';

const SOURCE = resolve(import.meta.dirname, '../../src/host/process.ts');
/** Every tool that is run as root. */
const TOOLS = [
  'virsh',
  'flock',
  'cat',
  'grep',
  'dmesg',
  'journalctl',
  'modprobe',
  'systemctl',
  'systemd-run',
  'grubby',
];

/** What sudo may hand on of a user's environment, all of it pointing at the user's own. */
function hostile(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: folder,
    HOME: folder,
    USER: 'mallory',
    XDG_RUNTIME_DIR: folder,
    XDG_CONFIG_HOME: folder,
    LIBVIRT_DEFAULT_URI: 'qemu+ssh://elsewhere/system',
    VIRSH_DEFAULT_CONNECT_URI: 'qemu+ssh://elsewhere/system',
    VIRSH_DEBUG: '0',
    VIRSH_LOG_FILE: join(folder, 'log'),
    LIBVIRT_LOG_OUTPUTS: `1:file:${folder}/log`,
    LIBVIRT_DRIVER_DIR: folder,
    GREP_OPTIONS: '--help',
    BASH_ENV: join(folder, 'virsh'),
    ENV: join(folder, 'virsh'),
    EDITOR: join(folder, 'virsh'),
    PAGER: join(folder, 'virsh'),
    LC_ALL: 'tr_TR.UTF-8',
    LANGUAGE: 'de',
    TERM: '../../evil',
    IFS: 'x',
    GIO_MODULE_DIR: folder,
    MODPROBE_OPTIONS: `-C ${folder}`,
    SYSTEMD_UNIT_PATH: folder,
  };
}

/** Runs programs through `processRun` of a process that has the hostile environment and is root. */
function runHostile(folder: string, argvs: readonly (readonly string[])[]): RunResult[] {
  const script = `process.getuid = () => 0;
    const { processRun } = await import(${JSON.stringify(SOURCE)});
    console.log(JSON.stringify(await Promise.all(${JSON.stringify(argvs)}.map((argv) => processRun(argv)))));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: hostile(folder),
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout);
}

test('as root no tool comes from the PATH that a user left, and a child gets two variables', (t) => {
  const folder = temporaryDirectory(t);
  for (const tool of TOOLS) {
    writeFileSync(join(folder, tool), `#!/bin/sh\necho ran > ${folder}/$(basename "$0").ran\necho evil\n`);
    chmodSync(join(folder, tool), 0o755);
  }
  const ran = () => readdirSync(folder).filter((name) => name.endsWith('.ran'));
  // The plant works: who does take his own PATH runs it.
  const path = `${folder}:/usr/bin:/bin`;
  const taken = spawnSync('virsh', ['--version'], { env: { PATH: path }, encoding: 'utf8' });
  assert.deepEqual([taken.stdout, ran()], ['evil\n', ['virsh.ran']]);
  const results = runHostile(folder, [['env'], ...TOOLS.map((tool) => [tool, '--version'])]);
  assert.deepEqual(ran(), ['virsh.ran']);
  for (const { argv, stdout } of results) assert.ok(!stdout.includes('evil'), argv[0]);
  assert.deepEqual(results[0]!.stdout.trim().split('\n').sort(), [
    'LC_ALL=C',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
  ]);
});
