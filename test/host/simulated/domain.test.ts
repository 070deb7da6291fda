import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllersAddedSince, domainWithout } from '../../../src/edit/xml/domain.ts';
import { hostdevElement, hostdevXml } from '../../../src/edit/xml/hostdev.ts';
import { LENDS_NAMESPACE, lendsElement, lendsXml } from '../../../src/edit/xml/metadata.ts';
import { domainDetails, domainList } from '../../../src/host/libvirt/domain.ts';
import { attach, attached, CARD, F20VM, laptop, machine, virsh, virshQuiet } from './machine.ts';

const OWN = '0000:01:00.0';

test('on i440fx the card takes the first free slot, and goes without a trace', async () => {
  const host = machine('i7-2620m');
  const before = await virshQuiet(host, ['dumpxml', F20VM, '--inactive', '--security-info']);
  await attached(host, F20VM, CARD);
  const after = await virshQuiet(host, ['dumpxml', F20VM, '--inactive', '--security-info']);
  assert.equal(hostdevElement(after, CARD)?.guestAddress, '0000:00:05.0');
  assert.deepEqual(controllersAddedSince(before, after), []);
  await virshQuiet(
    host,
    ['detach-device', F20VM, '/dev/stdin', '--config'],
    hostdevXml({ address: CARD, alias: 'ua-test', managed: true }),
  );
  assert.equal(await virshQuiet(host, ['dumpxml', F20VM, '--inactive', '--security-info']), before);
});

test('on q35 a conventional card gets a bridge, and detach-device leaves the controllers behind', async () => {
  const host = machine('rig-intel');
  const read = (): Promise<string> => virshQuiet(host, ['dumpxml', 'tone', '--inactive', '--security-info']);
  const before = await read();
  await attached(host, 'tone', OWN);
  const after = await read();
  assert.equal(hostdevElement(after, OWN)?.guestAddress, '0000:03:01.0');
  assert.deepEqual(
    controllersAddedSince(before, after).map((c) => [c.index, c.model]),
    [
      [3, 'pcie-to-pci-bridge'],
      [4, 'pcie-root-port'],
    ],
  );
  const element = hostdevXml({ address: OWN, alias: 'ua-test', managed: true });
  await virshQuiet(host, ['detach-device', 'tone', '/dev/stdin', '--config'], element);
  const left = await read();
  assert.notEqual(left, before);
  assert.deepEqual(
    controllersAddedSince(before, left).map((c) => c.index),
    [3, 4],
  );
  await virshQuiet(
    host,
    ['define', '/dev/stdin'],
    domainWithout(left, { addresses: [], controllers: controllersAddedSince(before, left) }),
  );
  assert.equal(await read(), before);
});

test('the first root port becomes multi-function when a second joins its slot', async () => {
  const host = machine('rig-intel');
  const before = await virshQuiet(host, ['dumpxml', 'plain', '--inactive']);
  await attached(host, 'plain', OWN);
  const after = await virshQuiet(host, ['dumpxml', 'plain', '--inactive']);
  const added = controllersAddedSince(before, after);
  assert.equal(added.find((c) => c.model === 'pcie-root-port')?.multifunctionOf, '0000:00:01.0');
  await virshQuiet(
    host,
    ['define', '/dev/stdin'],
    domainWithout(after, { addresses: [OWN], controllers: added }),
  );
  assert.equal(await virshQuiet(host, ['dumpxml', 'plain', '--inactive']), before);
});

test('a definition that was read comes back byte for byte', async () => {
  for (const board of ['i7-2620m', 'rig-intel']) {
    const host = machine(board);
    for (const { name } of host.state.guests) {
      const xml = await virshQuiet(host, ['dumpxml', name, '--inactive', '--security-info']);
      await virshQuiet(host, ['define', '/dev/stdin'], xml);
      assert.equal(await virshQuiet(host, ['dumpxml', name, '--inactive', '--security-info']), xml);
    }
  }
});

test('a password is only told when asked for, and lost by a definition made without', async () => {
  const host = machine('i7-2620m');
  const secret = (text: string): boolean => text.includes("passwd='heisenbug'");
  const plain = await virshQuiet(host, ['dumpxml', F20VM, '--inactive']);
  assert.equal(secret(plain), false);
  assert.equal(secret(await virshQuiet(host, ['dumpxml', F20VM, '--inactive', '--security-info'])), true);
  await virshQuiet(host, ['define', '/dev/stdin'], plain);
  assert.equal(secret(await virshQuiet(host, ['dumpxml', F20VM, '--inactive', '--security-info'])), false);
});

test('places that are taken, that do not exist, and functions that are there already', async () => {
  const host = machine('i7-2620m');
  const taken = await attach(host, F20VM, CARD, { guestAddress: '0000:00:03.0' });
  assert.match(
    taken.stderr,
    /^error: Failed to attach device from \/dev\/stdin\nerror: XML error: Attempted double use of PCI Address 0000:00:03\.0$/m,
  );
  await attached(host, F20VM, CARD, { guestAddress: '0000:00:1b.0' });
  assert.match((await attach(host, F20VM, CARD)).stderr, /device is already in the domain configuration/);
  const rig = machine('rig-intel');
  assert.match(
    (await attach(rig, 'tone', OWN, { guestAddress: '0000:02:05.0' })).stderr,
    /slot must be <= 0/,
  );
});

test('live: the instance changes and the definition does not, and back', async () => {
  const host = await laptop();
  await virshQuiet(host, ['start', F20VM]);
  await attached(host, F20VM, CARD, { scope: 'live' });
  const live = await virshQuiet(host, ['dumpxml', F20VM]);
  assert.match(live, /^<domain type='kvm' id='1'>/);
  assert.match(
    live,
    /<driver name='vfio'\/>\n {6}<source>\n {8}<address domain='0x0000' bus='0x00' slot='0x1b'/,
  );
  assert.equal(hostdevElement(await virshQuiet(host, ['dumpxml', F20VM, '--inactive']), CARD), null);
  assert.equal(host.state.kernel.drivers[CARD], 'vfio-pci');
  await virshQuiet(
    host,
    ['detach-device', F20VM, '/dev/stdin', '--live'],
    hostdevXml({ address: CARD, alias: 'ua-test', managed: true }),
  );
  assert.equal(host.state.kernel.drivers[CARD], 'snd_hda_intel');
});

test('metadata is told apart by its namespace, printed as libxml2 does, and leaves no trace', async () => {
  const host = machine('i7-2620m');
  const before = await virshQuiet(host, ['dumpxml', F20VM, '--inactive']);
  const element = lendsXml([
    { address: CARD, id: '8086:1c20', subsystem: null, path: [], driver: 'snd_hda_intel' },
  ]);
  const metadata = ['metadata', F20VM, '--config', '--uri', LENDS_NAMESPACE];
  await virshQuiet(host, [...metadata, '--key', 'vfioctl', '--set', element]);
  const xml = await virshQuiet(host, ['dumpxml', F20VM, '--inactive']);
  assert.match(
    xml,
    /^ {4}<vfioctl:lends xmlns:vfioctl="urn:vfioctl:lends:1">\n {6}<vfioctl:lend address="0000:00:1b\.0" /m,
  );
  assert.equal(lendsElement(xml)?.replaceAll('"', "'"), element);
  assert.match(await virshQuiet(host, metadata), /^<lends>\n {2}<lend address="0000:00:1b\.0"/);
  await virshQuiet(host, [...metadata, '--remove']);
  assert.equal(await virshQuiet(host, ['dumpxml', F20VM, '--inactive']), before);
  assert.match(
    (await virsh(host, ...metadata)).stderr,
    /^error: metadata not found: Requested metadata element is not present$/m,
  );
});

test('several commands in one argument answer as the adapter reads them', async () => {
  const host = machine('rig-intel');
  await virshQuiet(host, ['start', 'tone']);
  const domains = await domainList(host, 'qemu:///system');
  assert.deepEqual(domains.map((d) => `${d.name} ${d.state}`).sort(), [
    '5 shut off',
    'nodriver shut off',
    'other shut off',
    'plain shut off',
    'tone running',
    'tone-muted shut off',
  ]);
  const details = await domainDetails(host, 'qemu:///system', domains);
  const tone = domains.find((d) => d.name === 'tone')!;
  assert.match(details.get(tone.uuid)?.liveXml ?? '', /^<domain type='kvm' id='1'>/);
  assert.equal(details.get(tone.uuid)?.snapshots, 0);
});

test('a guest called 5 is not the running guest with id 5, unless there is one', async () => {
  const host = machine('rig-intel');
  host.state.nextGuestId = 5;
  assert.equal(await virshQuiet(host, ['domuuid', '5']), '0a000000-0000-4000-8000-000000000004\n');
  await virshQuiet(host, ['start', 'tone']);
  assert.equal(await virshQuiet(host, ['domuuid', '5']), '0a000000-0000-4000-8000-000000000001\n');
  assert.equal(
    (await virsh(host, 'list', '--all')).stdout,
    [
      ' Id   Name         State',
      '-----------------------------',
      ' 5    tone         running',
      ' -    5            shut off',
      ' -    nodriver     shut off',
      ' -    other        shut off',
      ' -    plain        shut off',
      ' -    tone-muted   shut off',
      '',
      '',
    ].join('\n'),
  );
});

test('a definition by hand is completed: uuid, memory in KiB, places', async () => {
  const host = machine('rig-intel');
  host.replace(
    '/root/new.xml',
    "<domain type='kvm'><name>new</name><memory unit='MiB'>160</memory><devices><controller type='pci' index='0' model='pcie-root'/><hostdev mode='subsystem' type='pci' managed='yes'><source><address bus='1' slot='0'/></source></hostdev></devices></domain>",
  );
  assert.equal(
    (await virsh(host, 'define', '/root/new.xml')).stdout,
    "Domain 'new' defined from /root/new.xml\n\n",
  );
  const xml = await virshQuiet(host, ['dumpxml', 'new']);
  assert.match(xml, /<memory unit='KiB'>163840<\/memory>/);
  assert.equal(hostdevElement(xml, OWN)?.guestAddress, '0000:02:01.0');
  assert.match(await virshQuiet(host, ['dominfo', 'new']), /^UUID: {11}5e1f0000-/m);
  await virshQuiet(host, ['undefine', 'new']);
  assert.equal((await virsh(host, 'domstate', 'new')).code, 1);
});
