import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';

const URI = 'qemu:///system';
/** A daemon ends by itself when no client and no running guest has needed it for so long. */
const IDLE_S = 60;
/** Its daemon for consoles has clients only while guests run: it outlives the whole run of the tests. */
const LOG_IDLE_S = 1200;
const START_MS = 15_000;

export interface Virsh {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * One virsh command on this machine's libvirtd. `input` is behind `/dev/stdin`, as a file: Node gives its children
 * sockets for pipes, and those cannot be opened by name.
 */
export function virsh(argv: readonly string[], input = ''): Virsh {
  const folder = mkdtempSync(join(tmpdir(), 'vfioctl-virsh-'));
  const file = join(folder, 'input');
  writeFileSync(file, input);
  const stdin = openSync(file, 'r');
  try {
    const done = spawnSync('virsh', ['-c', URI, ...argv], {
      stdio: [stdin, 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      encoding: 'utf8',
      timeout: 30_000,
    });
    if (done.error) throw done.error;
    return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
  } finally {
    closeSync(stdin);
    rmSync(folder, { recursive: true });
  }
}

/** What virsh prints; fails the test when virsh fails. */
export function virshOk(argv: readonly string[], input = ''): string {
  const { code, stdout, stderr } = virsh(argv, input);
  assert.equal(code, 0, `virsh ${argv.join(' ')}: ${stderr}`);
  return stdout;
}

/**
 * The real libvirtd of this machine answers when this returns. One that runs already is used as it is; else one is
 * started, which needs root. Nobody stops it: test files that run side by side share it, and it ends by itself.
 */
export async function libvirtdReady(): Promise<void> {
  const root = process.getuid?.() === 0;
  if (root && !(await listens('/run/libvirt/virtlogd-sock')))
    start(['virtlogd', '-d', '-t', `${LOG_IDLE_S}`]);
  if (answers()) return;
  assert.ok(root, 'libvirtd does not run, and only root can start it');
  const folder = mkdtempSync(join(tmpdir(), 'vfioctl-libvirtd-'));
  const config = join(folder, 'libvirtd.conf');
  // Without polkit (there is none in a container) root would be asked for a password.
  writeFileSync(config, 'auth_unix_ro = "none"\nauth_unix_rw = "none"\n');
  try {
    start(['libvirtd', '-d', '-t', `${IDLE_S}`, '-f', config]);
    const end = Date.now() + START_MS;
    while (!answers()) {
      assert.ok(Date.now() < end, `libvirtd does not answer: ${virsh(['uri']).stderr}`);
      await setTimeout(100);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A second daemon beside one that is just starting fails on its pid file, which is well. */
function start([command, ...argv]: [string, ...string[]]): void {
  const { error } = spawnSync(command, argv, { stdio: 'ignore', timeout: START_MS });
  if (error) throw error;
}

function answers(): boolean {
  return virsh(['uri']).code === 0;
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

export interface TestGuest {
  readonly uuid: string;
  readonly name: string;
}

/**
 * A guest of our own, undefined when the test ends. It is defined twice, from what libvirt made of it: that is how a
 * guest stands that was defined before the daemon last started (libvirt sorts controllers when it reads them again).
 */
export async function testGuest(
  t: TestContext,
  options: { readonly machine: 'q35' | 'pc'; readonly devices: string },
): Promise<TestGuest> {
  await libvirtdReady();
  const uuid = randomUUID();
  const name = `vfioctl-test-${uuid.slice(0, 8)}`;
  const xml = `<domain type='qemu'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='${options.machine}'>hvm</type></os>
  <devices>${options.devices}<memballoon model='none'/></devices>
</domain>`;
  virshOk(['define', '/dev/stdin'], xml);
  t.after(() => virsh(['undefine', uuid]));
  virshOk(['define', '/dev/stdin'], virshOk(['dumpxml', '--inactive', '--security-info', uuid]));
  return { uuid, name };
}
