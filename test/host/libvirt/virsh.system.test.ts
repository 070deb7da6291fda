import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { collect } from '../../../src/facts/collect.ts';
import { Failure } from '../../../src/failure.ts';
import { agentPing } from '../../../src/host/libvirt/agent.ts';
import {
  domainAttachDevice,
  domainDefine,
  domainDestroy,
  domainDetachDevice,
  domainList,
  domainMetadataSet,
  domainShutdown,
  domainStart,
  domainState,
  domainXml,
} from '../../../src/host/libvirt/domain.ts';
import { DEFAULT_URI } from '../../../src/host/libvirt/virsh.ts';
import { liveHost } from '../../../src/host/live.ts';
import { libvirtdReady, virsh, virshOk } from '../../libvirtd.ts';

const host = liveHost();
const URI = DEFAULT_URI;
const UUID = 'a4b6f2f0-5a0b-4a4e-9d2e-6f1d5c7b0005';
/** A name that virsh would take for the id of a running guest. */
const NAME = '70005';
const DOMAIN = `<domain type='qemu'><name>${NAME}</name><uuid>${UUID}</uuid><memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
  <graphics type='vnc' passwd='opensesa'/></devices></domain>`;
const HOSTDEV = `<hostdev mode='subsystem' type='pci' managed='yes'><source>
  <address domain='0x0000' bus='0x00' slot='0x1b' function='0x0'/></source><alias name='ua-vfioctl-0000-00-1b-0'/></hostdev>`;
const READ = { inactive: true, secrets: true } as const;

describe('a guest on this machine’s libvirtd', () => {
  before(async () => {
    await libvirtdReady();
    await domainDefine(host, URI, DOMAIN);
    // libvirt sorts the controllers that it adds only when it reads them again.
    await domainDefine(host, URI, await domainXml(host, URI, UUID, READ));
  });
  after(() => {
    virsh(['destroy', UUID]);
    virsh(['undefine', UUID]);
  });

  it('is listed with its state, though its name is a number', async () => {
    const domain = (await domainList(host, URI)).find((d) => d.uuid === UUID);
    assert.deepEqual(domain, {
      uuid: UUID,
      name: NAME,
      state: 'shut off',
      persistent: true,
      autostart: false,
      managedSave: false,
    });
    assert.match(virshOk(['domuuid', NAME]), new RegExp(UUID));
  });

  it('is defined again byte for byte, password and controllers included', async () => {
    const xml = await domainXml(host, URI, UUID, READ);
    assert.match(xml, /passwd='opensesa'/);
    assert.doesNotMatch(await domainXml(host, URI, UUID, { inactive: true, secrets: false }), /opensesa/);
    await domainAttachDevice(host, URI, UUID, HOSTDEV, 'config');
    await domainMetadataSet(host, URI, UUID, 'vfioctl', 'https://vfioctl.dev/ns', '<lends/>');
    const changed = virshOk(['dumpxml', '--inactive', UUID]);
    assert.match(changed, /ua-vfioctl-0000-00-1b-0/);
    assert.match(changed, /<vfioctl:lends xmlns:vfioctl="https:\/\/vfioctl\.dev\/ns"\/>/);
    await domainDefine(host, URI, xml);
    assert.equal(await domainXml(host, URI, UUID, READ), xml);
  });

  it('gives up a device that it has, and says so of one that it has not', async () => {
    await domainAttachDevice(host, URI, UUID, HOSTDEV, 'config');
    const twice = await domainAttachDevice(host, URI, UUID, HOSTDEV, 'config').catch((e: Failure) => e);
    assert.ok(twice instanceof Failure);
    assert.match(twice.message, /^Failed to attach device from \/dev\/stdin: .*(alias|already)/);
    await domainDetachDevice(host, URI, UUID, HOSTDEV, 'config');
    assert.doesNotMatch(virshOk(['dumpxml', '--inactive', UUID]), /<hostdev/);
    await assert.rejects(domainDetachDevice(host, URI, UUID, HOSTDEV, 'config'), /device not found/);
  });

  it('runs, has no agent that answers, and shows its process', async () => {
    await domainStart(host, URI, UUID);
    assert.equal(await domainState(host, URI, UUID), 'running');
    assert.equal((await agentPing(host, URI, UUID)).state, 'absent');
    await domainShutdown(host, URI, UUID, undefined, 'acpi');
    const { libvirt, gaps } = await collect(host, ['libvirt']);
    const guest = libvirt?.guests.find((g) => g.uuid === UUID);
    const pid = guest?.pid ?? 0;
    const command = host.read(`/proc/${pid}/cmdline`);
    assert.ok(command.state === 'read' && command.value.includes(UUID), `pid ${pid} is its QEMU`);
    assert.deepEqual(guest?.vfioNodes, []);
    assert.match(guest?.liveXml ?? '', /<domain type='qemu' id='\d+'>/);
    assert.doesNotMatch(guest?.inactiveXml ?? '', /opensesa/);
    assert.deepEqual(
      gaps.filter((g) => g.subject === UUID),
      [],
    );
    await domainDestroy(host, URI, UUID);
    assert.equal(await domainState(host, URI, UUID), 'shut off');
  });

  it('a guest that is not there, and a URI that leads nowhere', async () => {
    const gone = await domainState(host, URI, UUID.replace('0005', '0006')).catch((e: Failure) => e);
    assert.equal(gone instanceof Failure && gone.code, 'not-found');
    const nowhere = await domainState(host, 'qemu:///nowhere', UUID).catch((e: Failure) => e);
    assert.equal(nowhere instanceof Failure && nowhere.code, 'no-libvirt');
    const { gaps } = await collect(host, ['libvirt'], { uri: 'qemu:///nowhere' });
    assert.match(gaps[0]?.why ?? '', /^internal error: unexpected/);
  });
});
