import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durable } from '../../../src/host/durable.ts';
import { type Kept, SimulatedDisk, TAILS, type Unsynced } from '../../../src/host/simulated/disk.ts';
import { simulatedHost } from '../../../src/host/simulated/index.ts';
import { Tree } from '../../../src/host/tree.ts';
import { machine, text } from './machine.ts';

const FILE = '/etc/file';
const OLD = 'old and longer than new\n';
const NEW = 'new\n';

interface Cut {
  readonly after: string;
  readonly kept: Kept;
  readonly tree: Tree;
}

/** What a power cut leaves, after each call of the disk and whatever it keeps of what was not synced. */
function cuts(act: (disk: SimulatedDisk) => void): Cut[] {
  const start = new Tree();
  start.setDirectory('/etc');
  start.setFile(FILE, OLD);
  const found: Cut[] = [];
  const unsynced: Unsynced = { files: {}, names: [] };
  const look = (after: string): void => {
    const names = unsynced.names.length;
    for (const tail of TAILS) {
      for (let bits = 0; bits < 2 ** names; bits += 1) {
        const kept = { tail, names: Array.from({ length: names }, (_, i) => ((bits >> i) & 1) === 1) };
        const tree = Tree.from(start.toRecord());
        new SimulatedDisk(tree, structuredClone(unsynced)).powerCut(kept);
        found.push({ after, kept, tree });
      }
    }
  };
  const disk = new SimulatedDisk(start, unsynced);
  const call = <T>(name: string, done: T): T => {
    look(name);
    return done;
  };
  const watched = Object.assign(Object.create(disk), {
    stat: (path: string) => disk.stat(path),
    open(path: string, how: 'append' | 'create') {
      const file = call('open', disk.open(path, how));
      return {
        ...file,
        write: (bytes: Uint8Array, offset: number) => call('write', file.write(bytes, offset)),
        sync: () => call('sync', file.sync()),
      };
    },
    empty: (path: string) => disk.empty(path),
    mkdir: (path: string) => call('mkdir', disk.mkdir(path)),
    rename: (from: string, to: string) => call('rename', disk.rename(from, to)),
    unlink: (path: string) => call('unlink', disk.unlink(path)),
    syncDirectory: (path: string) => call('sync directory', disk.syncDirectory(path)),
  });
  act(watched);
  call('returned', null);
  return found;
}

function content(tree: Tree, path: string): string | null {
  const reading = tree.read(path);
  return reading.state === 'read' ? reading.value : null;
}

test('a replaced file is the old one or the new one, whatever the power cut takes', () => {
  const found = cuts((disk) => durable(disk).replace(FILE, NEW));
  const seen = new Set(found.map(({ tree }) => content(tree, FILE)));
  assert.deepEqual(seen, new Set([OLD, NEW]));
  for (const { after, tree } of found) {
    if (after === 'returned') assert.equal(content(tree, FILE), NEW);
  }
});

test('an appended record is a beginning of itself until it is there, and there when append returns', () => {
  const path = '/etc/journal';
  const found = cuts((disk) => {
    durable(disk).append(path, 'one\n');
    durable(disk).append(path, 'two\n');
  });
  const seen = new Set(found.map(({ tree }) => content(tree, path)));
  const whole = [null, '', 'on', 'one', 'one\n', '\0\0\0\0'];
  const second = ['one\ntw', 'one\ntwo', 'one\ntwo\n', 'one\n\0\0\0\0'];
  assert.deepEqual(seen, new Set([...whole, ...second]));
  for (const { after, tree } of found) {
    if (after === 'returned') assert.equal(content(tree, path), 'one\ntwo\n');
  }
});

test('directories are there when they are said to be, also one that a killed vfioctl made and never synced', () => {
  const found = cuts((disk) => {
    disk.mkdir('/etc/state');
    durable(disk).makeDirectory('/etc/state/runs');
    durable(disk).append('/etc/state/runs/1', 'x\n');
  });
  const returned = found.filter((cut) => cut.after === 'returned');
  assert.ok(returned.length > 0);
  for (const { tree } of returned) assert.equal(content(tree, '/etc/state/runs/1'), 'x\n');
  assert.ok(found.some(({ tree }) => !tree.exists('/etc/state')));
});

test('a removed file is there or not, and gone when remove returns', () => {
  const found = cuts((disk) => durable(disk).remove(FILE));
  assert.deepEqual(new Set(found.map(({ tree }) => content(tree, FILE))), new Set([OLD, null]));
  for (const { after, tree } of found) if (after === 'returned') assert.equal(content(tree, FILE), null);
});

test('without an fsync a name may last longer than its bytes: what the others guard against', () => {
  const found = cuts((disk) => {
    const file = disk.open('/etc/temporary', 'create');
    file.write(Buffer.from(NEW), 0);
    disk.rename('/etc/temporary', FILE);
    disk.syncDirectory('/etc');
  });
  const seen = new Set(found.map(({ tree }) => content(tree, FILE)));
  assert.ok(seen.has(''), 'neither the old file nor the new one');
});

test('the machine loses what was not synced, and a shutdown loses nothing', () => {
  const host = machine('rig-intel');
  host.makeDirectory('/var/lib/vfioctl');
  host.append('/var/lib/vfioctl/run', 'synced\n');
  const file = host.disk.open('/var/lib/vfioctl/run', 'append');
  file.write(Buffer.from('not synced\n'), 0);
  assert.equal(text(host, '/var/lib/vfioctl/run'), 'synced\nnot synced\n', 'it is in the page cache');

  const cut = simulatedHost(JSON.parse(JSON.stringify(host)));
  cut.powerCut();
  assert.equal(text(cut, '/var/lib/vfioctl/run'), 'synced\n');
  host.reboot();
  assert.equal(text(host, '/var/lib/vfioctl/run'), 'synced\nnot synced\n');
});

test('a program outlives its caller: it is seen, done at its time, and the next on the same guest waits for it', async () => {
  const host = machine('rig-intel');
  const { uuid } = host.state.guests[0]!;
  const argv = (...words: string[]) => ['virsh', '-q', '--connect', 'qemu:///system', ...words];
  const left = simulatedHost({
    ...host.toJSON(),
    jobs: [
      {
        pid: 4711,
        startTicks: 99,
        argv: argv('autostart', uuid),
        input: '',
        doneAt: host.state.clock + 2_000,
        daemonOnly: false,
      },
    ],
  });
  assert.match(text(left, '/proc/4711/stat'), /^4711 \(virsh\) S 1 (0 ){17}99 /);
  assert.equal(left.state.guests[0]!.autostart, false);
  assert.match((await left.run(argv('dominfo', uuid))).stdout, /Autostart: +disable/);
  await left.run(argv('autostart', '--disable', uuid));
  assert.equal(left.state.guests[0]!.autostart, false, 'what came last');
  assert.ok(left.state.clock >= host.state.clock + 2_000, 'it has waited');
  assert.equal(left.exists('/proc/4711'), false);
});
