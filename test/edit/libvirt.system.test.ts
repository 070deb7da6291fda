import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  controllersAddedSince,
  domainsAgree,
  domainWithout,
  hostdevAdd,
  hostdevRemove,
} from '../../src/edit/xml/domain.ts';
import { aliasOf, hostdevElement, hostdevXml } from '../../src/edit/xml/hostdev.ts';
import { LENDS_NAMESPACE, lendsElement, lendsParse, lendsXml } from '../../src/edit/xml/metadata.ts';
import { Failure } from '../../src/failure.ts';
import { guestAddressFree, guestOf } from '../../src/model/guest.ts';
import { libvirtdReady, virsh, virshOk } from '../libvirtd.ts';

/** Nothing is started, so the functions need not be on this machine's bus. */
const CARD = '0000:00:1b.0';
const SECOND = '0000:00:1c.0';

const MACHINES = { q35: ['pcie-root', 'pcie-root-port'], pc: ['pci-root', 'pci-bridge'] } as const;

describe('what libvirt makes of our XML', () => {
  const names = new Set<string>();
  before(libvirtdReady);
  after(() => {
    for (const name of names) virsh(['undefine', name]);
  });

  const dump = (name: string) => virshOk(['dumpxml', '--inactive', '--security-info', name]);
  const define = (xml: string) => virshOk(['define', '/dev/stdin'], xml);
  const attach = (name: string, xml: string) => virsh(['attach-device', name, '/dev/stdin', '--config'], xml);

  /** A guest that libvirt has completed and sorted: from here on, `define` of its own XML changes no byte. */
  function guest(machine: keyof typeof MACHINES, devices = ''): { name: string; xml: string } {
    const name = `vfioctl-edit-${process.pid}-${names.size}`;
    const [root, port] = MACHINES[machine];
    names.add(name);
    define(`<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='${machine}'>hvm</type></os>
  <devices>
    <controller type='usb' model='none'/>
    <controller type='pci' index='0' model='${root}'/>
    <controller type='pci' index='1' model='${port}'/>
    <graphics type='vnc' port='-1' passwd='hunter2'/>
    <memballoon model='virtio'/>${devices}
  </devices>
</domain>`);
    define(dump(name));
    return { name, xml: dump(name) };
  }

  it('keeps our alias, and takes back byte for byte what it added', () => {
    const { name, xml } = guest('q35');
    const element = hostdevXml({ address: CARD, alias: aliasOf(CARD), managed: true });
    assert.equal(attach(name, element).code, 0);
    const lent = dump(name);
    const found = hostdevElement(lent, CARD);
    assert.deepEqual([found?.alias, found?.ours, found?.managed], [aliasOf(CARD), true, true]);
    assert.ok(found?.guestAddress, 'libvirt chose a place');
    const controllers = controllersAddedSince(xml, lent);
    assert.deepEqual(
      controllers.map((c) => [c.index, c.model, c.multifunctionOf]),
      [[2, 'pcie-root-port', '0000:00:02.0']],
    );

    virshOk(['detach-device', name, '/dev/stdin', '--config'], found!.xml);
    const detached = dump(name);
    assert.notEqual(detached, xml, 'detach-device leaves the root port behind');
    const clean = domainWithout(detached, { addresses: [CARD], controllers });
    assert.equal(clean, xml);
    define(clean);
    assert.equal(dump(name), xml);
  });

  it('prints our element where and as we do', () => {
    const { name, xml } = guest('q35');
    const place = { address: CARD, alias: aliasOf(CARD), managed: true, guestAddress: '0000:00:1b.0' };
    const ours = hostdevAdd(xml, hostdevXml(place));
    define(ours);
    assert.equal(dump(name), ours);
    define(hostdevRemove(ours, CARD));
    assert.equal(dump(name), xml);
  });

  it('takes two functions of a device at one slot of the guest', () => {
    const { name, xml } = guest('q35');
    const second = '0000:00:1b.1';
    const at = (address: string, guestAddress: string, multifunction: boolean) =>
      hostdevXml({ address, alias: aliasOf(address), managed: true, guestAddress, multifunction });
    assert.equal(attach(name, at(CARD, '0000:02:00.0', true)).code, 0);
    assert.equal(attach(name, at(second, '0000:02:00.1', false)).code, 0);
    const lent = dump(name);
    assert.equal(hostdevElement(lent, CARD)?.guestAddress, '0000:02:00.0');
    assert.equal(hostdevElement(lent, second)?.guestAddress, '0000:02:00.1');
    const controllers = controllersAddedSince(xml, lent);
    assert.equal(domainWithout(lent, { addresses: [CARD, second], controllers }), xml);
  });

  it('keeps our element in the metadata as it was set', () => {
    const { name } = guest('q35');
    const lend = {
      address: CARD,
      id: '8086:1c20',
      subsystem: null,
      path: ['0000:00:1c.0'],
      driver: 'snd_hda_intel',
    };
    const set = ['metadata', name, '--uri', LENDS_NAMESPACE, '--key', 'vfioctl', '--config'];
    virshOk([...set, '--set', lendsXml([lend])]);
    const xml = dump(name);
    assert.deepEqual(lendsParse(xml), [lend]);
    assert.equal(lendsElement(xml)?.replaceAll('"', "'"), lendsXml([lend]));
    virshOk([...set, '--remove']);
    assert.equal(lendsElement(dump(name)), null);
  });

  it('changes nothing but the order of controllers when it reads its own definition', () => {
    const { name } = guest(
      'q35',
      "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
    );
    const xml = dump(name);
    const first = xml.replace(/ {4}<controller type='virtio-serial'[\s\S]*?<\/controller>\n/, '');
    const moved = xml.match(/ {4}<controller type='virtio-serial'[\s\S]*?<\/controller>\n/)![0];
    const unsorted = first.replace(/(?= {4}<controller type='pci' index='1')/, moved);
    assert.notEqual(unsorted, xml);
    define(unsorted);
    assert.notEqual(dump(name), unsorted);
    assert.ok(domainsAgree(dump(name), unsorted));
  });

  it('would not get what it asked for at 00:00.0, which we refuse', () => {
    const { name } = guest('q35');
    const place = { address: SECOND, alias: aliasOf(SECOND), managed: true, guestAddress: '0000:00:00.0' };
    assert.equal(attach(name, hostdevXml(place)).code, 0);
    assert.notEqual(hostdevElement(dump(name), SECOND)?.guestAddress, place.guestAddress);
  });

  for (const [machine, slots] of [
    [
      'q35',
      [
        '1b',
        '1f',
        '1f.1',
        '1f.2',
        '1f.3',
        '01',
        '01:00.0',
        '01:01.0',
        '02:00.0',
        '05:00',
        '05:01',
        '0001:02:00.0',
      ],
    ],
    ['pc', ['01', '01.3', '03', '05', '01:00', '01:05', '02:00', '02:05']],
  ] as const) {
    it(`agrees with us about free slots on ${machine}`, () => {
      const { name, xml } = guest(machine);
      const fact = {
        uuid: '',
        name,
        state: 'shut off',
        autostart: false,
        persistent: true,
        managedSave: false,
      };
      const model = guestOf({ ...fact, snapshots: 0, inactiveXml: xml, liveXml: null, pid: null });
      for (const slot of slots) {
        const answer = guestAddressFree(model, slot);
        const guestAddress = answer instanceof Failure ? full(slot) : answer.address;
        const done = attach(
          name,
          hostdevXml({ address: SECOND, alias: aliasOf(SECOND), managed: true, guestAddress }),
        );
        assert.equal(done.code === 0, !(answer instanceof Failure), `${slot}: ${done.stderr}${answer}`);
        if (answer instanceof Failure) continue;
        const now = dump(name);
        assert.equal(hostdevElement(now, SECOND)?.guestAddress, answer.address);
        const added = controllersAddedSince(xml, now);
        assert.equal(added.length, answer.controllers, slot);
        const clean = domainWithout(now, { addresses: [SECOND], controllers: added });
        assert.equal(clean, xml, slot);
        define(clean);
      }
      assert.equal(dump(name), xml);
    });
  }
});

/** The whole address of a --slot argument. */
function full(slot: string): string {
  const [device = '', fn = '0'] = slot.split('.');
  const parts = ['0000', '00', ...device.split(':')];
  return `${device.split(':').length === 3 ? device : `0000:${parts.slice(-2).join(':')}`}.${fn}`;
}
