import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/facts/collect.ts';
import { constructedHost } from './hosts.ts';
import { fourRoutes, networkInterface, processOf, sixRoutes, sockets } from './networks.ts';

/** File systems and disks of other machines, by the interface that leads to them; all constructed. */

const NETWORK = {
  ...networkInterface('eth0', 'pci0000:00/0000:00:1c.0/0000:02:00.0'),
  ...networkInterface('eth1', 'pci0000:00/0000:00:1c.1/0000:03:00.0'),
  '/proc/net/route': fourRoutes('eth0 0.0.0.0/0 via 10.0.0.254', 'eth0 10.0.0.0/24', 'eth1 10.1.0.0/24'),
  '/proc/net/ipv6_route': sixRoutes('eth1 fd00::/64'),
};
const facts = async (files: Record<string, string>) => {
  const { network = [], gaps } = await collect(constructedHost({ ...NETWORK, ...files }), ['network']);
  const loads = (name: string) =>
    network.find((n) => n.name === name)?.loads?.map((l) => `${l.kind} ${l.what} ${l.peer}`);
  return { eth0: loads('eth0'), eth1: loads('eth1'), gaps: gaps.map((g) => [g.fact, g.subject, g.why]) };
};

test('mounts of NFS, CIFS and Ceph, each by the address of its server', async () => {
  const { eth0, eth1, gaps } = await facts({
    '/proc/self/mountinfo': [
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '30 22 0:50 / /home rw - nfs4 nas:/home rw,vers=4.2,proto=tcp,clientaddr=10.0.0.1,addr=10.0.0.2',
      '31 22 0:51 / /srv/with\\040blank rw - nfs nas:/srv rw,mountaddr=10.0.0.9,addr=fd00::2',
      '32 22 0:52 / /mnt/share rw - cifs //pc/share rw,username=a,addr=10.1.0.3',
      '33 22 0:53 / /ceph rw - ceph 10.1.0.4:6789,[fd00::5]:6789:/ rw,name=admin',
      '34 22 0:54 / /ceph2 rw - ceph a@1.fs=/ rw,name=admin,mon_addr=10.0.0.6:6789/10.1.0.7:3300',
      '35 22 0:55 / /loop rw - nfs4 localhost:/x rw,addr=127.0.0.1\n',
    ].join('\n'),
  });
  assert.deepEqual(eth0, ['nfs /home 10.0.0.2', 'ceph /ceph2 10.0.0.6']);
  assert.deepEqual(eth1, [
    'nfs /srv/with blank fd00::2',
    'cifs /mnt/share 10.1.0.3',
    'ceph /ceph 10.1.0.4',
    'ceph /ceph fd00::5',
    'ceph /ceph2 10.1.0.7',
  ]);
  assert.deepEqual(gaps, []);
});

test('a server without an address, or without a way to it, is a gap', async () => {
  const { eth0, gaps } = await facts({
    '/proc/net/route': fourRoutes('eth1 10.1.0.0/24'),
    '/proc/self/mountinfo': [
      '30 22 0:50 / /home rw - nfs nas:/home rw,vers=4.2',
      '31 22 0:51 / /srv rw - nfs nas:/srv rw,addr=192.0.2.1\n',
    ].join('\n'),
  });
  assert.deepEqual(eth0, []);
  assert.deepEqual(gaps, [
    ['network.loads', null, 'no address of nas:/home'],
    ['network.loads', null, 'no route leads to 192.0.2.1 (/srv)'],
  ]);
});

test('a mount that only a container has is lost as well', async () => {
  const { eth0 } = await facts({
    '/proc/self/ns/mnt': '->mnt:[1]',
    '/proc/812/ns/mnt': '->mnt:[2]',
    '/proc/812/comm': 'postgres\n',
    '/proc/812/mountinfo': '30 22 0:50 / /data rw - nfs nas:/pg rw,addr=10.0.0.2\n',
  });
  assert.deepEqual(eth0, ['nfs /data of postgres (pid 812) 10.0.0.2']);
});

const disk = (name: string, target: string, dev: string) => ({
  [`/sys/class/block/${name}`]: `->../../devices/${target}`,
  [`/sys/devices/${target}/dev`]: `${dev}\n`,
});
const SESSION = 'platform/host3/session1/target3:0:0/3:0:0:0/block/sdb';

test('disks of an iSCSI session, and what is mounted from them', async () => {
  const { eth0, eth1, gaps } = await facts({
    '/sys/class/iscsi_connection/connection1:0/address': '10.1.0.8\n',
    '/sys/class/iscsi_connection/connection12:0/persistent_address': '10.0.0.8\n',
    ...disk('sda', 'pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda', '8:0'),
    ...disk('sdb', SESSION, '8:16'),
    ...disk('sdb1', `${SESSION}/sdb1`, '8:17'),
    ...disk('sdb2', `${SESSION}/sdb2`, '8:18'),
    ...disk('dm-0', 'virtual/block/dm-0', '253:0'),
    '/sys/devices/virtual/block/dm-0/slaves/sdb2': '->../../sdb2',
    '/proc/self/mountinfo': [
      '22 1 8:0 / / rw - ext4 /dev/sda rw',
      '23 22 8:17 / /data rw - ext4 /dev/sdb1 rw',
      '24 22 253:0 / /lvm rw - ext4 /dev/mapper/vg-lvm rw\n',
    ].join('\n'),
  });
  assert.deepEqual(eth1, ['iscsi sdb (/data, /lvm) 10.1.0.8']);
  assert.deepEqual(eth0, ['iscsi session12 10.0.0.8'], 'a session without a disk yet');
  assert.deepEqual(gaps, []);
});

test('disks by NVMe over TCP, below their controller or with several paths; one on PCI is none of them', async () => {
  const fabrics = (name: string, transport: string, address: string) => ({
    [`/sys/class/nvme/${name}`]: `->../../devices/virtual/nvme-fabrics/ctl/${name}`,
    [`/sys/devices/virtual/nvme-fabrics/ctl/${name}/transport`]: `${transport}\n`,
    [`/sys/devices/virtual/nvme-fabrics/ctl/${name}/address`]: `${address}\n`,
  });
  const { eth0, eth1, gaps } = await facts({
    ...fabrics('nvme0', 'pcie', '0000:04:00.0'),
    ...fabrics('nvme1', 'tcp', 'traddr=10.1.0.5,trsvcid=4420,src_addr=10.1.0.1'),
    ...fabrics('nvme2', 'rdma', 'traddr=10.0.0.5,trsvcid=4420'),
    ...fabrics('nvme3', 'tcp', 'traddr=10.1.0.6,trsvcid=4420'),
    ...fabrics('nvme4', 'tcp', ''),
    '/sys/class/nvme-subsystem/nvme-subsys2/nvme2': '->../../nvme/nvme2',
    '/sys/class/nvme-subsystem/nvme-subsys2/nvme3': '->../../nvme/nvme3',
    ...disk('nvme0n1', 'pci0000:00/0000:04:00.0/nvme/nvme0/nvme0n1', '259:0'),
    ...disk('nvme1n1', 'virtual/nvme-fabrics/ctl/nvme1/nvme1n1', '259:1'),
    ...disk('nvme2n1', 'virtual/nvme-subsystem/nvme-subsys2/nvme2n1', '259:2'),
    '/proc/self/mountinfo': [
      '22 1 259:1 / / rw - ext4 /dev/nvme1n1 rw',
      '23 22 259:2 / /data rw - xfs /dev/nvme2n1 rw\n',
    ].join('\n'),
  });
  assert.deepEqual(eth1, ['nvme nvme1n1 (/) 10.1.0.5', 'nvme nvme2n1 (/data) 10.1.0.6']);
  assert.deepEqual(eth0, ['nvme nvme2n1 (/data) 10.0.0.5']);
  assert.deepEqual(gaps, [['network.loads', 'nvme4', 'does not say where its target is']]);
});

test('a root that is laid over what NFS gives comes by the network too', async () => {
  const { eth0, eth1 } = await facts({
    '/proc/self/mountinfo': [
      '22 1 0:40 / / rw - overlay overlay rw,lowerdir=/run/image,upperdir=/run/state/up,workdir=/run/state/work',
      '23 22 0:25 / /run rw - tmpfs tmpfs rw',
      '24 23 0:41 / /run/image ro - nfs nas:/image ro,addr=10.1.0.2',
      '25 22 0:42 / /data rw - nfs nas:/data rw,addr=10.0.0.2\n',
    ].join('\n'),
  });
  assert.deepEqual(eth1, ['nfs /run/image 10.1.0.2', 'nfs / 10.1.0.2']);
  assert.deepEqual(eth0, ['nfs /data 10.0.0.2']);
});

test('an iSCSI session that does not say where it leads is a gap', async () => {
  const { gaps } = await facts({ '/sys/class/iscsi_connection/connection1:0/state': 'logged in\n' });
  assert.deepEqual(gaps, [['network.loads', 'session1', 'does not say where its target is']]);
});

test('a network block device by the socket of its client; a file of this machine is none', async () => {
  const nbd = (name: string, dev: string) => disk(name, `virtual/block/${name}`, dev);
  const pid = (name: string, text: string) => ({ [`/sys/devices/virtual/block/${name}/pid`]: text });
  const { eth1, gaps } = await facts({
    ...nbd('nbd0', '43:0'),
    ...pid('nbd0', '600\n'),
    ...nbd('nbd1', '43:32'),
    ...pid('nbd1', '601\n'),
    ...nbd('nbd2', '43:64'),
    ...nbd('nbd3', '43:96'),
    ...pid('nbd3', '603\n'),
    ...processOf(600, 'nbd-client', { sockets: [60] }),
    ...processOf(601, 'qemu-nbd', { sockets: [61] }),
    '/proc/net/tcp': sockets(
      { local: '10.1.0.1:40000', peer: '10.1.0.9:10809', inode: 60 },
      { local: '10.0.0.1:22', peer: '10.0.0.7:51000', inode: 62 },
    ),
    '/proc/self/mountinfo': '23 22 43:0 / /mnt rw - ext4 /dev/nbd0 rw\n',
  });
  assert.deepEqual(eth1, ['nbd nbd0 (/mnt) 10.1.0.9']);
  assert.deepEqual(gaps, [['network.loads', 'nbd3', 'its client has ended']]);
});

test('what goes into a tunnel leaves by the default route, what goes to a guest does not', async () => {
  const { eth0, eth1 } = await facts({
    ...networkInterface('wg0', 'virtual', { type: 65534 }),
    ...networkInterface('virbr0', 'virtual'),
    '/proc/net/route': fourRoutes(
      'eth0 0.0.0.0/0 via 10.0.0.254',
      'wg0 10.8.0.0/24',
      'virbr0 192.168.122.0/24',
      'eth1 10.1.0.0/24',
    ),
    '/proc/net/tcp': sockets(
      { local: '10.8.0.1:22', peer: '10.8.0.7:51000', inode: 1 },
      { local: '192.168.122.1:22', peer: '192.168.122.50:51000', inode: 2 },
    ),
  });
  assert.deepEqual(eth0, ['ssh an SSH session 10.8.0.7']);
  assert.deepEqual(eth1, []);
});
