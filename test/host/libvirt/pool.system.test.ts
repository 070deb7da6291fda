import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { collect } from '../../../src/facts/collect.ts';
import { poolPlaces } from '../../../src/host/libvirt/pool.ts';
import { DEFAULT_URI } from '../../../src/host/libvirt/virsh.ts';
import { liveHost } from '../../../src/host/live.ts';
import { libvirtdReady, virsh, virshOk } from '../../libvirtd.ts';

/** Pools as the real libvirtd describes them; they are defined and never started. */
test('a pool on a disk, one in a directory, and the guest whose disks are volumes of them', async (t) => {
  await libvirtdReady();
  const mark = `vfioctl-${randomUUID().slice(0, 8)}`;
  const define = (name: string, type: string, inside: string) => {
    const uuid = randomUUID();
    const xml = `<pool type='${type}'><name>${mark} ${name}</name><uuid>${uuid}</uuid>${inside}</pool>`;
    virshOk(['pool-define', '/dev/stdin'], xml);
    t.after(() => virsh(['pool-undefine', uuid]));
  };
  define(
    'disk; list',
    'disk',
    "<source><device path='/dev/sdz77'/><format type='gpt'/></source><target><path>/dev</path></target>",
  );
  define('dir', 'dir', '<target><path>/srv/images77</path></target>');
  const volume = (pool: string, target: string) =>
    `<disk type='volume' device='disk'><source pool='${mark} ${pool}' volume='v'/><target dev='${target}' bus='virtio'/></disk>`;
  const uuid = randomUUID();
  virshOk(
    ['define', '/dev/stdin'],
    `<domain type='qemu'><name>${mark}</name><uuid>${uuid}</uuid><memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os><devices>${volume('disk; list', 'vda')}${volume('dir', 'vdb')}${volume('gone', 'vdc')}</devices></domain>`,
  );
  t.after(() => virsh(['undefine', uuid]));

  const host = liveHost();
  assert.deepEqual(await poolPlaces(host, DEFAULT_URI, `${mark} disk; list`), ['/dev/sdz77', '/dev/']);
  assert.deepEqual(await poolPlaces(host, DEFAULT_URI, `${mark} gone`), []);

  const { libvirt, gaps } = await collect(host, ['libvirt']);
  const guest = libvirt?.guests.find((one) => one.uuid === uuid);
  assert.deepEqual(guest?.pools?.toSorted(), ['/dev/', '/dev/sdz77', '/srv/images77/']);
  assert.deepEqual(
    gaps.filter((gap) => gap.fact === 'libvirt.guests.pools' && gap.subject === uuid),
    [],
  );
});
