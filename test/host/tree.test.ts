import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Tree } from '../../src/host/tree.ts';

const board = () =>
  Tree.from({
    '/sys/bus/pci/devices': { d: ['0000:00:1b.0', '0000:00:1f.0'] },
    '/sys/bus/pci/devices/0000:00:1b.0': { l: '../../../devices/pci0000:00/0000:00:1b.0' },
    '/sys/devices/pci0000:00/0000:00:1b.0': { d: ['config', 'driver', 'resource', 'vendor'] },
    '/sys/devices/pci0000:00/0000:00:1b.0/vendor': { f: '0x8086\n' },
    '/sys/devices/pci0000:00/0000:00:1b.0/config': { b: 'hoAgHA==' },
    '/sys/devices/pci0000:00/0000:00:1b.0/driver': { l: '../../../bus/pci/drivers/snd_hda_intel' },
    '/sys/bus/pci/drivers/snd_hda_intel/module': { l: '/sys/module/snd_hda_intel' },
    '/sys/module/snd_hda_intel/refcnt': { f: '3\n' },
    '/proc/iomem': { e: 'denied: EACCES' },
    '/dev/vfio': { e: 'absent' },
  });
const card = '/sys/bus/pci/devices/0000:00:1b.0';

test('links are followed in every component, relative and absolute', () => {
  const tree = board();
  assert.deepEqual(tree.read(`${card}/vendor`), { state: 'read', value: '0x8086\n' });
  assert.deepEqual(tree.read(`${card}/driver/module/refcnt`), { state: 'read', value: '3\n' });
  assert.deepEqual(tree.real(`${card}/driver`), {
    state: 'read',
    value: '/sys/bus/pci/drivers/snd_hda_intel',
  });
  assert.deepEqual(tree.link(`${card}/driver`), {
    state: 'read',
    value: '../../../bus/pci/drivers/snd_hda_intel',
  });
  assert.deepEqual(
    [...(tree.readBytes(`${card}/config`) as { value: Uint8Array }).value],
    [0x86, 0x80, 0x20, 0x1c],
  );
});

test('absent, denied and not recorded are three things', () => {
  const tree = board();
  assert.equal(tree.read(`${card}/numa_node`).state, 'absent');
  assert.equal(tree.link(`${card}/iommu_group`).state, 'absent');
  assert.equal(tree.read(`${card}/vendor/deeper`).state, 'absent');
  assert.equal(tree.read('/dev/vfio/vfio').state, 'absent');
  assert.deepEqual(tree.read('/proc/iomem'), { state: 'unreadable', why: 'denied: EACCES' });
  assert.deepEqual(tree.read('/etc/fstab'), { state: 'unreadable', why: 'not in this capture' });
  assert.deepEqual(tree.read(`${card}/resource`), { state: 'unreadable', why: 'not in this capture' });
  assert.equal(tree.exists(`${card}/resource`), true);
  assert.equal(tree.exists('/sys/bus/pci/devices/0000:00:1f.0'), true);
  assert.equal(tree.exists(`${card}/rom`), false);
  assert.equal(tree.exists('/dev/vfio'), false);
  assert.equal(tree.list('/sys/module').state, 'unreadable');
});

test('a change shows in the listing of its directory', () => {
  const tree = board();
  tree.setLink(`${card}/iommu_group`, '/sys/kernel/iommu_groups/7');
  tree.setFile('/sys/kernel/iommu_groups/7/type', 'DMA\n');
  assert.deepEqual(tree.list('/sys/kernel/iommu_groups/7'), { state: 'read', value: ['type'] });
  assert.deepEqual(tree.read(`${card}/iommu_group/type`), { state: 'read', value: 'DMA\n' });
  tree.remove(`${card}/driver`);
  assert.deepEqual(tree.list(card), {
    state: 'read',
    value: ['config', 'iommu_group', 'resource', 'vendor'],
  });
  assert.equal(tree.exists('/sys/bus/pci/drivers/snd_hda_intel'), true, 'the target of a removed link stays');
  tree.setFile('/dev/vfio/vfio', '');
  assert.deepEqual(tree.list('/dev/vfio'), { state: 'read', value: ['vfio'] });
  tree.setDirectory('/dev/vfio');
  assert.equal(tree.exists('/dev/vfio/vfio'), true);
});

test('a circle of links ends', () => {
  const tree = Tree.from({ '/a': { l: 'b' }, '/b': { l: '/a' } });
  assert.equal(tree.read('/a').state, 'unreadable');
  assert.deepEqual(tree.link('/a'), { state: 'read', value: 'b' });
});

test('a record comes back as it was, in any order', () => {
  const record = board().toRecord();
  assert.deepEqual(Tree.from(record).toRecord(), record);
  assert.equal(Object.keys(record).length, 10);
  fc.assert(
    fc.property(fc.shuffledSubarray(Object.entries(record), { minLength: 10 }), (entries) => {
      assert.deepEqual(Tree.from(Object.fromEntries(entries)).toRecord(), record);
    }),
  );
});
