/**
 * Played by restart.system.test.ts in a mount namespace of its own, where it has a libvirtd that nobody else uses, and
 * kills it. Prints, as JSON, what came of each scene.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { aliasOf, hostdevXml } from '../../src/edit/xml/hostdev.ts';
import type { Host } from '../../src/host/host.ts';
import { domainState, domainXml } from '../../src/host/libvirt/domain.ts';
import { liveHost } from '../../src/host/live.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Step } from '../../src/plan/step.ts';

const uri = 'qemu:///system';
const guest = { uuid: '5ce4e000-0000-4000-8000-000000000001', name: 'scene' };
const address = '0000:3f:1e.5';
const live = liveHost();

function command(...[program, ...argv]: [string, ...string[]]): void {
  const { status, stderr, error } = spawnSync(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${program} ${argv.join(' ')}: ${error ?? stderr}`);
}

/** Everything of libvirt's is our own from here on. */
function ownWorld(): void {
  command('mount', '--make-rprivate', '/');
  for (const directory of ['/run', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt'])
    command('mount', '-t', 'tmpfs', 'own', directory);
  mkdirSync('/run/libvirt');
  const etc = mkdtempSync('/run/etc-');
  cpSync('/etc/libvirt', etc, { recursive: true });
  mkdirSync(join(etc, 'hooks'), { recursive: true });
  // While /run/slow is there, a start takes three seconds more, with the guest's lock held.
  const hook = '#!/bin/sh\n[ "$2" = prepare ] && [ -e /run/slow ] && sleep 3\nexit 0\n';
  writeFileSync(join(etc, 'hooks/qemu'), hook, { mode: 0o755 });
  command('mount', '--bind', etc, '/etc/libvirt');
  writeFileSync('/run/own.conf', 'auth_unix_ro = "none"\nauth_unix_rw = "none"\n');
  command('virtlogd', '-d', '-t', '60');
}

async function daemonStart(): Promise<void> {
  command('libvirtd', '-d', '-t', '60', '-f', '/run/own.conf');
  while (spawnSync('virsh', ['-q', 'uri'], { stdio: 'ignore' }).status !== 0) await setTimeout(100);
}

function daemonSignal(signal: NodeJS.Signals): void {
  process.kill(Number(readFileSync('/run/libvirtd.pid', 'utf8')), signal);
}

/** Killed after a while, and started again by whoever minds it. */
async function daemonRestart(afterMs: number): Promise<void> {
  await setTimeout(afterMs);
  daemonSignal('SIGKILL');
  await setTimeout(1_000);
  await daemonStart();
}

/** Something happens once, as soon as the program with these words begins. */
function hostMeeting(words: string, meet: (pid: number) => void): Host {
  let met = false;
  const run: Host['run'] = (argv, options) => {
    if (met || !argv.includes(words)) return live.run(argv, options);
    met = true;
    return live.run(argv, {
      ...options,
      started(child) {
        meet(child.pid);
        options?.started?.(child);
      },
    });
  };
  return { ...live, run };
}

const hostdev: Step = {
  id: 'hostdev',
  kind: 'guest-hostdev',
  target: { guest, address, scope: 'config' },
  before: { xml: null },
  after: { xml: hostdevXml({ address, alias: aliasOf(address), managed: true }) },
};
const start: Step = {
  id: 'start',
  kind: 'guest-start',
  target: { guest },
  before: { running: false },
  after: { running: true },
};

const scenes: { readonly name: string; readonly steps: Step[]; readonly host: () => Host }[] = [
  {
    name: 'killed before it takes the change',
    steps: [hostdev],
    host: () =>
      hostMeeting('attach-device', () => {
        daemonSignal('SIGSTOP');
        restarts.push(daemonRestart(300));
      }),
  },
  {
    name: 'killed before it answers a look',
    steps: [hostdev],
    host: () =>
      hostMeeting('dumpxml', () => {
        daemonSignal('SIGSTOP');
        restarts.push(daemonRestart(300));
      }),
  },
  {
    name: 'killed in the middle of a start',
    steps: [start],
    host: () => hostMeeting('start', () => restarts.push(daemonRestart(1_000))),
  },
  {
    name: 'virsh killed in the middle of a start',
    steps: [start],
    host: () =>
      hostMeeting('start', (pid) =>
        restarts.push(setTimeout(1_000).then(() => process.kill(pid, 'SIGKILL'))),
      ),
  },
];
const restarts: Promise<unknown>[] = [];

ownWorld();
await daemonStart();
const xml = `<domain type='qemu'><name>${guest.name}</name><uuid>${guest.uuid}</uuid><memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os><devices><memballoon model='none'/></devices></domain>`;
await live.run(['virsh', '-q', 'define', '/dev/stdin'], { input: xml });
const whole = { inactive: true, secrets: true };
const told: unknown[] = [];
for (const { name, steps, host } of scenes) {
  // Defined again from what libvirt made of it: as after any restart.
  const before = await domainXml(live, uri, guest.uuid, whole);
  await live.run(['virsh', '-q', 'define', '/dev/stdin'], { input: before });
  writeFileSync('/run/slow', '');
  const stateDir = `/run/state-${told.length}`;
  const plan: Plan = {
    schema: 'vfioctl/plan/1',
    verb: 'assign',
    guest,
    functions: [address],
    steps,
    difference: [],
    notes: [],
  };
  const applied = await planApply({ host: host(), uri }, plan, { stateDir, argv: [] });
  await Promise.all(restarts);
  rmSync('/run/slow');
  const state = await domainState(live, uri, guest.uuid);
  const shut = applied.status === 'done' && state === 'running';
  // A guest without a system does not hear the power button.
  if (shut) await live.run(['virsh', '-q', 'destroy', guest.uuid]);
  const undo = await runUndo({ host: live, uri }, stateDir, null);
  told.push({
    name,
    status: applied.status,
    failure: applied.failure,
    state,
    undo: undo.status,
    same: (await domainXml(live, uri, guest.uuid, whole)) === before,
  });
}
daemonSignal('SIGKILL');
console.log(JSON.stringify(told));
