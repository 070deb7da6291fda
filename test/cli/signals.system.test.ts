import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { testGuest, virshOk } from '../libvirtd.ts';
import { ownFolder, slowVirsh } from './mounted.ts';

// Real processes against the real libvirtd: a lend in a guest's definition is released, and the signal comes while
// the first of two virsh processes is at it.
const root = join(import.meta.dirname, '../..');
const runtimes: Readonly<Record<string, readonly string[]>> = {
  Node: [process.execPath, join(root, 'dist/vfioctl.js')],
  'the executable': [join(root, 'dist/vfioctl-linux-x64')],
};
const functions = readdirSync('/sys/bus/pci/devices').filter((a) =>
  existsSync(`/sys/bus/pci/devices/${a}/driver`),
);
const hostdev = (address: string) => {
  const [, domain, bus, slot, fn] = /^(\w+):(\w+):(\w+)\.(\w)$/.exec(address)!;
  return `<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/></source></hostdev>`;
};

interface Interrupted {
  readonly child: ChildProcess;
  /** The first change is being made. */
  begun(): Promise<void>;
  /** Code of its end, or the signal that ended it. */
  ended(): Promise<number | string | null>;
  records(): { type: string; status?: string }[];
  asBefore(): void;
}

/** `wrap` puts the command line into another, as a terminal does. */
async function releasing(
  t: Parameters<typeof testGuest>[0],
  runtime: readonly string[],
  wrap: (argv: string[]) => string[] = (argv) => argv,
): Promise<Interrupted> {
  const two = functions.slice(0, 2);
  assert.equal(two.length, 2, 'this machine has two PCI functions with drivers');
  const guest = await testGuest(t, { machine: 'q35', devices: two.map(hostdev).join('') });
  const definition = () => virshOk(['dumpxml', '--inactive', '--security-info', guest.uuid]);
  const before = definition();
  const folder = ownFolder();
  rmSync(join(folder, 'begun'), { force: true });
  const stateDir = join(folder, 'state');
  const slow = slowVirsh(folder, 'detach-device', 1);
  const argv = slow([...runtime, 'release', ...two, '--from', guest.name, '--yes', '--state-dir', stateDir]);
  const [command = '', ...args] = wrap(argv);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const end = new Promise<number | string | null>((resolve) =>
    child.on('exit', (code, signal) => resolve(code ?? signal)),
  );
  const until = async (what: string, seen: () => boolean) => {
    for (let looks = 0; !seen(); looks += 1) {
      assert.ok(looks < 300, `${what} did not come`);
      await setTimeout(100);
    }
  };
  const records = () =>
    readFileSync(join(stateDir, 'runs/000001.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; status?: string });
  return {
    child,
    records,
    begun: () => until('the first change', () => existsSync(join(folder, 'begun'))),
    async ended() {
      const code = await end;
      await until('the end of the run', () => records().at(-1)?.type === 'end');
      return code;
    },
    asBefore() {
      assert.equal(definition(), before);
      assert.equal(records().at(-1)?.status, 'undone');
      assert.equal(records().filter((r) => r.type === 'intent').length, 1, 'the second change was not begun');
    },
  };
}

for (const [name, runtime] of Object.entries(runtimes)) {
  test(`${name}: Ctrl-C, and once more, in the middle of a change: it ends, is undone, and 130`, async (t) => {
    const run = await releasing(t, runtime);
    let said = '';
    run.child.stdout?.on('data', (text) => (said += text));
    await run.begun();
    run.child.kill('SIGINT');
    await setTimeout(200);
    run.child.kill('SIGINT');
    assert.equal(await run.ended(), 130);
    run.asBefore();
    assert.match(said, /release: all undone/);
  });

  test(`${name}: SIGTERM, and nobody reads what it says any more: undone all the same`, async (t) => {
    const run = await releasing(t, runtime);
    await run.begun();
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    run.child.kill('SIGTERM');
    assert.equal(await run.ended(), 130);
    run.asBefore();
  });

  test(`${name}: the terminal dies in the middle of a change: undone all the same`, async (t) => {
    const quoted = (argv: string[]) => argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const run = await releasing(t, runtime, (argv) => ['script', '-qec', quoted(argv), '/dev/null']);
    await run.begun();
    // script(1) holds the other end of the terminal: without it the kernel hangs up.
    run.child.kill('SIGKILL');
    assert.equal(await run.ended(), 'SIGKILL');
    run.asBefore();
  });

  test(`${name}: a signal while it only looks ends it at once`, async () => {
    const child = spawn(runtime[0]!, [...runtime.slice(1), 'try', '--shell'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.write('vfioctl list\n');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const end = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
    child.kill('SIGTERM');
    assert.equal(await end, 130);
  });
}
