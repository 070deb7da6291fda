import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Guest } from '../../src/facts/snapshot.ts';
import { Failure } from '../../src/failure.ts';
import { guestAddressFree, guestOf, pinnedKiB } from '../../src/model/guest.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/xml/${name}.xml`, import.meta.url), 'utf8');

function guest(inactiveXml: string, more: Partial<Guest> = {}): Guest {
  return {
    uuid: 'f983e1d8-2f9d-4d32-a946-16b60e34e4cd',
    name: 'own',
    state: 'shut off',
    autostart: false,
    persistent: true,
    managedSave: false,
    snapshots: 0,
    inactiveXml,
    liveXml: null,
    pid: null,
    ...more,
  };
}

describe('guestOf', () => {
  it('reads a guest that is off', () => {
    const fact = guest(fixture('own-off'));
    const { taken, controllers, ...rest } = guestOf(fact);
    assert.deepEqual(rest, {
      uuid: 'f983e1d8-2f9d-4d32-a946-16b60e34e4cd',
      name: 'own',
      state: 'shut off',
      active: false,
      machine: 'pc-q35-7.2',
      virtType: 'kvm',
      memoryKiB: 262144,
      agent: false,
      hostdevs: [
        {
          element: 'hostdev',
          source: '0000:01:00.0',
          managed: false,
          guestAddress: '0000:02:01.0',
          alias: null,
          ours: false,
        },
      ],
      liveHostdevs: [],
      disks: [],
      liveControllers: [],
      liveTaken: new Map(),
      fact,
    });
    assert.deepEqual(controllers, [
      { index: 0, model: 'pcie-root' },
      { index: 1, model: 'pcie-root-port' },
      { index: 2, model: 'pcie-to-pci-bridge' },
      { index: 3, model: 'pcie-root-port' },
    ]);
    assert.deepEqual(
      [...taken],
      [
        ['0000:00:00.0', 'the host bridge'],
        ['0000:00:1f.0', 'the ISA bridge'],
        ['0000:00:1f.3', 'the SMBus'],
        ['0000:00:1f.2', 'controller sata 0'],
        ['0000:00:01.0', 'controller pci 1'],
        ['0000:01:00.0', 'controller pci 2'],
        ['0000:00:01.1', 'controller pci 3'],
        ['0000:02:01.0', 'hostdev 0000:01:00.0'],
      ],
    );
  });

  it('takes no other channel for the agent', () => {
    const channel = (name: string) =>
      guestOf(
        guest(`<domain><memory>1</memory><devices><channel type='unix'><target type='virtio' name='${name}'/></channel>
          <serial type='pty'><target name='org.qemu.guest_agent.0'/></serial></devices></domain>`),
      ).agent;
    assert.equal(channel('com.redhat.spice.0'), false);
    assert.equal(channel('org.qemu.guest_agent.0'), true);
  });

  it('keeps what runs apart from what is defined', () => {
    const model = guestOf(
      guest(fixture('plain-after'), { state: 'running', liveXml: fixture('own-running') }),
    );
    assert.ok(model.active);
    assert.deepEqual(
      model.hostdevs.map((h) => [h.source, h.ours]),
      [['0000:00:1b.0', true]],
    );
    assert.deepEqual(
      model.liveHostdevs.map((h) => [h.source, h.ours]),
      [['0000:01:00.0', false]],
    );
    assert.equal(model.taken.get('0000:02:00.0'), 'hostdev 0000:00:1b.0');
    assert.equal(model.taken.get('0000:02:01.0'), undefined);
    assert.equal(model.liveTaken.get('0000:02:01.0'), 'hostdev 0000:01:00.0');
    assert.equal(model.liveControllers.length, 4);
  });

  it('holds its hardware in every state but shut off', () => {
    const active = (state: string) => guestOf(guest(fixture('own-off'), { state })).active;
    const held = ['running', 'idle', 'paused', 'in shutdown', 'crashed', 'pmsuspended', 'no state'];
    assert.deepEqual(
      held.filter((state) => !active(state)),
      [],
    );
    assert.ok(!active('shut off'));
  });

  it('knows its disks on the host: devices, files, images below images, of now and of the next start', () => {
    const domain = (disks: string) => `<domain><memory>1</memory><devices>${disks}</devices></domain>`;
    const model = guestOf(
      guest(
        domain(`<disk type='block'><source dev='/dev/vg0/web'/><target dev='vda'/></disk>
          <disk type='file'><source file='/srv/a &amp; b.qcow2'/>
            <backingStore type='file'><source file='/srv/base.qcow2'/><backingStore/></backingStore></disk>
          <disk type='nvme'><source type='pci' managed='yes' namespace='1'><address bus='1'/></source></disk>
          <disk type='network'><source protocol='rbd' name='pool/image'/></disk>
          <disk type='file' device='cdrom'><target dev='sda'/></disk>
          <serial type='dev'><source path='/dev/ttyS0'/></serial>`),
        { state: 'running', liveXml: domain("<disk type='block'><source dev='/dev/sdb'/></disk>") },
      ),
    );
    assert.deepEqual(model.disks, ['/dev/vg0/web', '/srv/a & b.qcow2', '/srv/base.qcow2', '/dev/sdb']);
  });

  it('names a device as a person would', () => {
    const xml = `<domain><memory>1</memory><devices>
      <disk type='file'><target dev='vda' bus='virtio'/><address type='pci' bus='0x04' slot='0x00'/></disk>
      <disk type='file'><target dev='sda' bus='sata'/><address type='drive' controller='0' bus='0' unit='0'/></disk>
      <interface type='bridge'><mac address='52:54:00:00:00:01'/><target dev='vnet0'/><address type='pci' bus='1' slot='0'/></interface>
      <filesystem type='mount'><source dir='/srv'/><target dir='share'/><address type='pci' bus='2' slot='0'/></filesystem>
      <video><model type='qxl'/><address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/></video>
      <sound model='ich9'><address type='pci' bus='0' slot='27'/></sound>
      <controller type='usb' index='0' model='qemu-xhci'><address type='pci' bus='0x03' slot='0x00'/></controller>
      <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
      <rng><address type='pci' bus='5' slot='0'/></rng>
    </devices></domain>`;
    const model = guestOf(guest(xml));
    assert.deepEqual(Object.fromEntries(model.taken), {
      '0000:04:00.0': 'disk vda',
      '0000:01:00.0': 'interface 52:54:00:00:00:01',
      '0000:02:00.0': 'filesystem share',
      '0000:00:01.0': 'video qxl',
      '0000:00:1b.0': 'sound ich9',
      '0000:03:00.0': 'controller usb 0',
      '0000:05:00.0': 'rng',
    });
    assert.ok(model.agent);
  });

  it('reads memory in every unit that libvirt knows, rounded up', () => {
    const memory = (amount: string, unit?: string) =>
      pinnedKiB(
        guestOf(guest(`<domain><memory${unit ? ` unit='${unit}'` : ''}>${amount}</memory></domain>`)),
      );
    assert.equal(memory(' 262144\n'), 262144);
    assert.equal(memory('262144', 'KiB'), 262144);
    assert.equal(memory('262144', 'k'), 262144);
    assert.equal(memory('1024', 'KB'), 1000);
    assert.equal(memory('256', 'MiB'), 262144);
    assert.equal(memory('256', 'M'), 262144);
    assert.equal(memory('256', 'MB'), 250000);
    assert.equal(memory('2', 'GiB'), 2097152);
    assert.equal(memory('1', 'GB'), 976563);
    assert.equal(memory('1', 'TiB'), 2 ** 30);
    assert.equal(memory('1025', 'bytes'), 2);
    assert.equal(memory('1', 'b'), 1);
  });

  it('says which guest cannot be read, and where', () => {
    const refusal = (xml: string) => {
      try {
        guestOf(guest(xml));
      } catch (error) {
        if (error instanceof Failure) return `${error.code}: ${error.message}`;
      }
      return 'none';
    };
    assert.match(
      refusal('<domain>\n<devices></domain>'),
      /^xml-invalid: the definition of guest own: XML, line 2, column 10: /,
    );
    assert.match(refusal('<network/>'), /guest own: the root element is <network>, not <domain>/);
    assert.match(refusal('<domain/>'), /guest own does not say how much memory it has/);
    assert.match(
      refusal("<domain><memory unit='furlong'>2</memory></domain>"),
      /does not say how much memory/,
    );
  });
});

describe('guestAddressFree', () => {
  const q35 = guestOf(guest(fixture('own-off')));
  const answer = (slot: string, model = q35) => {
    const found = guestAddressFree(model, slot);
    return found instanceof Failure ? found.message : `${found.address} +${found.controllers}`;
  };

  it('reads every way of writing an address, always in hexadecimal', () => {
    for (const text of ['1b', '0x1b', '00:1b', '0:1b.0', '00:1b.0', '0000:00:1b.0', '00:1B.0', '1b.0']) {
      assert.equal(answer(text), '0000:00:1b.0 +0', text);
    }
    assert.equal(answer('10'), '0000:00:10.0 +0');
    assert.equal(answer('03:00.0'), '0000:03:00.0 +0');
    assert.equal(answer('02:1f'), '0000:02:1f.0 +0');
  });

  it('says what has the address', () => {
    assert.equal(answer('02:01.0'), '--slot 02:01.0: 02:01.0 is taken by hostdev 0000:01:00.0');
    assert.equal(answer('1f'), '--slot 1f: 00:1f.0 is taken by the ISA bridge');
    assert.equal(answer('1f.2'), '--slot 1f.2: 00:1f.2 is taken by controller sata 0');
  });

  it('knows the slots of each kind of bus', () => {
    assert.equal(answer('03:01.0'), '--slot 03:01.0: bus 03 (pcie-root-port) has only slot 00');
    assert.equal(answer('02:00.0'), '--slot 02:00.0: bus 02 (pcie-to-pci-bridge) has slots 01 to 1f');
    assert.equal(answer('00:00.0'), '--slot 00:00.0: bus 00 (pcie-root) has slots 01 to 1f');
  });

  it('counts the controllers that libvirt will add for a bus that is not there', () => {
    assert.equal(answer('07:00.0'), '0000:07:00.0 +4');
    assert.equal(answer('04:01.0'), '--slot 04:01.0: bus 04 (pcie-root-port) has only slot 00');
    const pc = guestOf(
      guest(`<domain><memory>1</memory><os><type machine='pc-i440fx-7.2'>hvm</type></os><devices>
        <controller type='pci' index='0' model='pci-root'/></devices></domain>`),
    );
    assert.equal(answer('05', pc), '0000:00:05.0 +0');
    assert.equal(answer('01', pc), '--slot 01: 00:01.0 is taken by the ISA bridge');
    assert.equal(answer('01:05', pc), '0000:01:05.0 +1');
    assert.equal(answer('01:00', pc), '--slot 01:00: bus 01 (pci-bridge) has slots 01 to 1f');
  });

  it('refuses a function that the guest would not look at', () => {
    assert.match(answer('03:00.1'), /function 1 of a slot only where there is a function 0/);
    assert.equal(answer('00:01.2'), '0000:00:01.2 +0');
  });

  it('refuses what is no address of a guest', () => {
    const none = guestOf(guest('<domain><memory>1</memory></domain>'));
    assert.match(answer('0001:02:00.0'), /only PCI domain 0 is available/);
    assert.match(answer('20'), /a bus has slots 00 to 1f, in hexadecimal/);
    assert.match(answer('03:00.8'), /a slot has functions 0 to 7/);
    assert.match(answer('03:00.0', none), /own has no PCI bus/);
    for (const text of ['', '27.', 'g', '1:2:3', '00000:00:1b.0.0', 'vda', '03:00.0 ']) {
      const found = guestAddressFree(q35, text);
      assert.ok(found instanceof Failure && found.code === 'usage', text);
      assert.match(found.message, /^--slot .* is no address in the guest$/);
    }
  });
});
