import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planApply } from '../../src/apply/runner.ts';
import { runUndo } from '../../src/apply/undo.ts';
import { commandRun } from '../../src/cli/command-run.ts';
import { driverOf } from '../../src/facts/driver.ts';
import type { SimulatedHost } from '../../src/host/simulated/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { stepReversed } from '../../src/plan/show.ts';
import type { Step } from '../../src/plan/step.ts';
import { hostIntruded, hostWith } from './around.ts';
import { assignPlan, OWN, rigHost, stateDir, uri } from './plans.ts';

/** Somebody at a terminal beside us, or a udev rule. */
const TONE = '0a000000-0000-4000-8000-000000000001';
const NODE = 'pci_0000_01_00_0';
const ELEMENT = `<hostdev mode='subsystem' type='pci' managed='yes'>
  <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>
</hostdev>`;

async function virsh(host: SimulatedHost, words: string[], input = ''): Promise<string> {
  const result = await host.run(['virsh', '-q', ...words], { input });
  assert.equal(result.code, 0, `the intruder: ${result.stderr}`);
  return result.stdout;
}

const somebody = {
  async titles(host: SimulatedHost) {
    const xml = await virsh(host, ['dumpxml', TONE, '--inactive', '--security-info']);
    await virsh(
      host,
      ['define', '/dev/stdin'],
      xml.replace('<vcpu placement', '<title>mine</title>\n  <vcpu placement'),
    );
  },
  undefines: (host: SimulatedHost) => virsh(host, ['undefine', TONE]),
  starts: (host: SimulatedHost) => virsh(host, ['start', TONE]),
  destroys: (host: SimulatedHost) => virsh(host, ['destroy', TONE]),
  binds: (host: SimulatedHost) => virsh(host, ['nodedev-detach', NODE]),
  lends: (host: SimulatedHost) => virsh(host, ['attach-device', TONE, '/dev/stdin', '--config'], ELEMENT),
  takesOut: (host: SimulatedHost) => virsh(host, ['detach-device', TONE, '/dev/stdin', '--config'], ELEMENT),
  autostarts: (host: SimulatedHost) => virsh(host, ['autostart', TONE]),
  loads: (host: SimulatedHost) => host.run(['modprobe', 'vfio-pci']),
};

interface Stand {
  readonly guest: 'running' | 'off' | 'gone';
  readonly ours: boolean;
  readonly theirs: boolean;
  readonly lends: boolean;
  readonly title: boolean;
  readonly driver: string | null;
}

function standOf(host: SimulatedHost): Stand {
  const guest = host.state.guests.find((g) => g.uuid === TONE);
  const has = (text: string) => guest?.inactive?.includes(text) ?? false;
  return {
    guest: guest === undefined ? 'gone' : guest.live ? 'running' : 'off',
    ours: has('ua-vfioctl-'),
    theirs: has('<hostdev') && !has('ua-vfioctl-'),
    lends: has('lends'),
    title: has('<title>mine</title>'),
    driver: driverOf(host, OWN),
  };
}

const OFF: Stand = {
  guest: 'off',
  ours: false,
  theirs: false,
  lends: false,
  title: false,
  driver: 'snd_hda_intel',
};
const LENT: Stand = { ...OFF, guest: 'running', ours: true, lends: true, driver: 'vfio-pci' };

const BIND: Step = {
  id: 'bind',
  kind: 'driver-bind',
  target: { address: OWN },
  before: { driver: 'vfio-pci' },
  after: { driver: 'snd_hda_intel' },
};

type Kind = 'assign' | 'release' | 'bind' | 'module' | 'autostart';

interface Case {
  readonly plan: Kind;
  /** Who acts when: `titles before attach-device`. */
  readonly scene: string;
  /** Why it failed, and then all was undone; null: it was done. */
  readonly failure: RegExp | null;
  /** How the machine stands after it, where it is not wholly as planned, or as before. */
  readonly stands: Partial<Stand>;
  /** And after the undo of what was done, where that is not wholly as before. */
  readonly undone: Partial<Stand>;
}

const done = (
  plan: Kind,
  scene: string,
  stands: Partial<Stand> = {},
  undone: Partial<Stand> = stands,
): Case => ({
  plan,
  scene,
  failure: null,
  stands,
  undone,
});
const fails = (plan: Kind, scene: string, failure: RegExp, stands: Partial<Stand> = {}): Case => ({
  plan,
  scene,
  failure,
  stands,
  undone: {},
});

const TITLE: Partial<Stand> = { title: true };
const GONE: Partial<Stand> = { guest: 'gone' };
const MISSING = /^not-found: failed to get domain/;
const STARTED = /^changed: tone is running: somebody else started it meanwhile/;
const CASES: readonly Case[] = [
  // The definition is changed: between look and act, between act and look, later. It is kept, whatever is undone.
  done('assign', 'titles before attach-device', TITLE),
  done('assign', 'titles after attach-device', TITLE),
  done('assign', 'titles before metadata', TITLE),
  done('assign', 'titles after metadata', TITLE),
  done('assign', 'titles after start', TITLE),
  done('release', 'titles after shutdown', TITLE),
  done('release', 'titles after define', TITLE),
  // The guest is undefined.
  fails('assign', 'undefines before attach-device', MISSING, GONE),
  fails('assign', 'undefines after attach-device', MISSING, GONE),
  fails('assign', 'undefines before metadata', MISSING, GONE),
  fails('assign', 'undefines before start', MISSING, GONE),
  // It is started: before the lend was in its definition, or after. We never stop what somebody else started.
  fails('assign', 'starts before attach-device', STARTED, { guest: 'running' }),
  fails('assign', 'starts after metadata', STARTED, { guest: 'running', driver: 'vfio-pci' }),
  fails('assign', 'starts before start', STARTED, { guest: 'running', driver: 'vfio-pci' }),
  fails('release', 'starts before define', /^step-failed: .*in use by driver QEMU, domain tone/),
  // It goes off by itself.
  fails('assign', 'destroys after start', /^step-failed: tone is shut off/),
  done('release', 'destroys before shutdown', {}, { guest: 'off', driver: 'snd_hda_intel' }),
  // The function is put there by hand, or what we put there is taken out.
  fails('assign', 'lends before attach-device', /^step-failed: .*already in the domain/, { theirs: true }),
  fails('assign', 'takesOut after attach-device', /^step-failed: 0000:01:00\.0 is not in tone/),
  fails('assign', 'takesOut after metadata', /^changed: 0000:01:00\.0 is not in tone: somebody else/),
  fails('release', 'lends after define', /put there by somebody else/, { ours: false, theirs: true }),
  // The function gets another driver. libvirt gives back what it took, and nothing that was taken before.
  done('assign', 'binds before start', {}, { driver: 'vfio-pci' }),
  done('release', 'binds after define'),
  fails('bind', 'binds after nodedev-reattach', /^step-failed: 0000:01:00\.0 has vfio-pci/),
  // Somebody does the very same: it stands as planned.
  done('module', 'loads before modprobe'),
  done('autostart', 'autostarts before autostart'),
];

async function planOf(host: SimulatedHost, kind: Kind): Promise<Plan> {
  const plan = await assignPlan(host);
  const guest = plan.guest!;
  const only = (step: Step): Plan => ({ ...plan, steps: [step] });
  switch (kind) {
    case 'assign':
      return plan;
    case 'module': {
      const [before, after] = [{ loaded: false }, { loaded: true }];
      return only({ id: 'm', kind: 'module-load', target: { module: 'vfio-pci' }, before, after });
    }
    case 'autostart':
      return only({
        id: 'a',
        kind: 'guest-autostart',
        target: { guest },
        before: { on: false },
        after: { on: true },
      });
    case 'bind': {
      await somebody.binds(host);
      return { ...only(BIND), verb: 'release' };
    }
    case 'release': {
      const lent = await planApply({ host, uri }, plan, { stateDir, argv: ['assign'] });
      assert.equal(lent.status, 'done');
      const [hostdev, metadata, start] = plan.steps.map(stepReversed) as [Step, Step, Step];
      return { ...plan, verb: 'release', steps: [start, hostdev, metadata, BIND] };
    }
  }
}

for (const { plan: kind, scene, failure, stands, undone } of CASES) {
  test(`${kind}: somebody ${scene}: ${failure === null ? 'done' : 'all undone'}`, async () => {
    const machine = rigHost();
    const plan = await planOf(machine, kind);
    const before = standOf(machine);
    const [who, when, at] = scene.split(' ') as [keyof typeof somebody, 'before' | 'after', string];
    const { host, came } = hostIntruded(machine, when, at === 'start' ? ' start ' : at, somebody[who]);
    const applied = await planApply({ host, uri }, plan, { stateDir, argv: [] });
    assert.ok(came(), 'the intruder came');
    const told = applied.failure && `${applied.failure.code}: ${applied.failure.message}`;
    assert.equal(applied.status, failure === null ? 'done' : 'undone', told ?? '');
    if (failure !== null) {
      assert.match(told ?? '', failure);
      assert.deepEqual(standOf(machine), { ...before, ...stands });
      return;
    }
    const planned = kind === 'assign' ? LENT : kind === 'release' ? OFF : before;
    assert.deepEqual(standOf(machine), { ...planned, ...stands });
    assert.equal((await runUndo({ host: machine, uri }, stateDir, applied.run)).status, 'undone');
    assert.deepEqual(standOf(machine), { ...before, ...undone });
  });
}

test('between the plan and the lock: what changed is planned anew, and nothing was done', async () => {
  for (const [who, exit, words] of [
    ['starts', 3, /the host changed since the plan was shown; nothing was done/],
    ['lends', 3, /the host changed since the plan was shown; nothing was done/],
    ['undefines', 2, /there is no guest/],
  ] as const) {
    const machine = rigHost();
    const host = hostWith(machine, {
      async lock(purpose) {
        await somebody[who](machine);
        return machine.lock(purpose);
      },
    });
    const before = standOf(machine);
    const run = await commandRun(host, ['assign', OWN, 'tone', '--start', '--yes']);
    assert.equal(run.exit, exit, `${who}: ${run.stderr}`);
    assert.match(run.stderr, words, who);
    const { ours, lends } = standOf(machine);
    assert.deepEqual([ours, lends], [before.ours, before.lends], who);
    assert.equal(machine.list(`${stateDir}/runs`).state, 'absent', 'there is no run');
  }
});

test('a title is no reason to plan anew: nothing of the plan is about it', async () => {
  const machine = rigHost();
  const host = hostWith(machine, {
    async lock(purpose) {
      await somebody.titles(machine);
      return machine.lock(purpose);
    },
  });
  assert.equal((await commandRun(host, ['assign', OWN, 'tone', '--yes'])).exit, 0);
  const { title, ours } = standOf(machine);
  assert.deepEqual([title, ours], [true, true]);
});
