import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { factOf } from '../../src/facts/gap.ts';
import { constructedHost } from './hosts.ts';

const BASE = {
  '/proc/sys/kernel/osrelease': '6.12.0\n',
  '/proc/modules': 'vfio_pci 16384 1 - Live 0x0\n',
  '/proc/cmdline': 'quiet\n',
};

function look(files: Readonly<Record<string, string>>) {
  return collect(constructedHost({ ...BASE, ...files }), ['modules']);
}

test('options of modprobe.d, each with its file, as modprobe puts its lines together', async () => {
  const { modules } = await look({
    '/etc/modprobe.d/vfio.conf':
      '# options vfio-pci ids=1:1\noptions  vfio-pci\tids=10de:1ff2,\\\n10de:0fbc disable_vga=1\nsoftdep nvidia pre: vfio-pci\n',
    '/etc/modprobe.d/kvm.conf': '  options kvm_intel nested=1\noptions kvm\n',
    '/etc/modprobe.d/old.conf.bak': 'options vfio-pci ids=2:2\n',
    '/usr/lib/modprobe.d/sound.conf': 'options snd-hda-intel power_save=0\n',
  });
  assert.deepEqual(modules?.options, [
    { module: 'kvm_intel', text: 'options kvm_intel nested=1', path: '/etc/modprobe.d/kvm.conf' },
    {
      module: 'vfio-pci',
      text: 'options vfio-pci ids=10de:1ff2,10de:0fbc disable_vga=1',
      path: '/etc/modprobe.d/vfio.conf',
    },
    {
      module: 'snd-hda-intel',
      text: 'options snd-hda-intel power_save=0',
      path: '/usr/lib/modprobe.d/sound.conf',
    },
  ]);
});

test('a file hides the one of its name in a later directory, blacklists included', async () => {
  const { modules } = await look({
    '/etc/modprobe.d/vfio.conf': '',
    '/run/modprobe.d/vfio.conf': 'options vfio-pci ids=1:1\nblacklist e1000e\n',
    '/usr/lib/modprobe.d/vfio.conf': 'options vfio-pci ids=2:2\n',
    '/usr/lib/modprobe.d/other.conf': 'blacklist i915\n',
  });
  assert.deepEqual(modules?.options, []);
  assert.deepEqual(modules?.blacklisted, ['i915']);
});

test('a file that cannot be read makes the options a gap, not a short list', async () => {
  const snapshot = await look({
    '/etc/modprobe.d/vfio.conf': '!permission denied',
    '/etc/modprobe.d/kvm.conf': 'options kvm_intel nested=1\n',
  });
  assert.equal(snapshot.modules?.vfioPci, 'loaded');
  const options = factOf(snapshot, 'modules.options', null, snapshot.modules?.options);
  assert.equal(options.state === 'unread' && options.gap.path, '/etc/modprobe.d/vfio.conf');
});
