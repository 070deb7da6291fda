import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/failure.ts';
import { CARD, driver, interruptsOf, laptop, machine, names, text } from './machine.ts';

const sysfs = `/sys/bus/pci/devices/${CARD}`;

test('the override names the one driver that may probe a function', async () => {
  const host = await laptop();
  await host.run(['modprobe', 'vfio-pci']);
  assert.equal(text(host, `${sysfs}/driver_override`), '(null)\n');
  host.write(`${sysfs}/driver_override`, 'vfio-pci\n');
  assert.equal(driver(host, CARD), 'snd_hda_intel', 'an override alone moves nothing');
  host.write(`${sysfs}/driver/unbind`, CARD);
  assert.equal(driver(host, CARD), null);
  host.write('/sys/bus/pci/drivers_probe', CARD);
  assert.equal(driver(host, CARD), 'vfio-pci');
  host.write(`${sysfs}/driver_override`, '\n');
  assert.equal(text(host, `${sysfs}/driver_override`), '(null)\n');
  host.write(`${sysfs}/driver/unbind`, CARD);
  host.write('/sys/bus/pci/drivers_probe', CARD);
  assert.equal(driver(host, CARD), 'snd_hda_intel');
});

test('driver links stand in both directions', async () => {
  const host = await laptop();
  assert.deepEqual(names(host, '/sys/bus/pci/drivers/snd_hda_intel'), [CARD, 'bind', 'unbind']);
  host.write(`${sysfs}/driver/unbind`, CARD);
  assert.deepEqual(names(host, '/sys/bus/pci/drivers/snd_hda_intel'), ['bind', 'unbind']);
  assert.equal(host.exists(`${sysfs}/driver`), false);
});

test('a card comes and goes with its driver, everywhere', async () => {
  const host = await laptop();
  assert.match(text(host, '/proc/asound/cards'), /^ 0 \[PCH {12}\]: HDA-Intel - HDA Intel PCH$/m);
  assert.equal(host.exists('/dev/snd/pcmC0D0p'), true);
  assert.deepEqual(host.real('/sys/class/sound/card0/device'), {
    state: 'read',
    value: `/sys/devices/pci0000:00/${CARD}`,
  });
  assert.equal(interruptsOf(host, 'snd_hda_intel:card0'), 75);
  host.write(`${sysfs}/driver/unbind`, CARD);
  assert.equal(text(host, '/proc/asound/cards'), '--- no soundcards ---\n');
  assert.equal(host.exists('/dev/snd/pcmC0D0p'), false);
  assert.deepEqual(names(host, '/sys/class/sound'), []);
  assert.equal(interruptsOf(host, 'snd_hda_intel'), null);
});

test('a freed card number is taken again, the others keep theirs', () => {
  const host = machine('rig-intel');
  host.write('/sys/bus/pci/drivers/snd_hda_intel/unbind', CARD);
  assert.deepEqual(
    names(host, '/sys/class/sound').filter((n) => n.startsWith('card')),
    ['card1', 'card2'],
  );
  host.write('/sys/bus/pci/drivers/snd_hda_intel/bind', CARD);
  assert.match(text(host, '/sys/class/sound/card0/number'), /^0/);
});

test('a vfio node per group, and the function sleeps while nobody has it', async () => {
  const host = await laptop();
  assert.deepEqual(names(host, '/dev/vfio'), ['vfio']);
  await host.run(['virsh', '-q', 'nodedev-detach', 'pci_0000_00_1b_0']);
  assert.deepEqual(names(host, '/dev/vfio'), ['5', 'vfio']);
  assert.equal(text(host, `${sysfs}/power/runtime_status`), 'suspended\n');
  assert.equal(text(host, `${sysfs}/power_state`), 'D3hot\n');
  assert.equal(host.exists(`${sysfs}/msi_irqs`), false);
});

test('vfio-pci takes nothing without an IOMMU, and no bridge', async () => {
  const host = machine('i7-2620m');
  await host.run(['modprobe', 'vfio-pci']);
  host.write(`${sysfs}/driver_override`, 'vfio-pci\n');
  host.write(`${sysfs}/driver/unbind`, CARD);
  // The probe's failure is for the next driver to better: only bind hands it on.
  host.write('/sys/bus/pci/drivers_probe', CARD);
  assert.equal(driver(host, CARD), null);
  assert.throws(() => host.write('/sys/bus/pci/drivers/vfio-pci/bind', CARD), /Invalid argument/);
  const log = (await host.run(['dmesg'])).stdout;
  assert.match(log, /vfio-pci: probe of 0000:00:1b\.0 failed with error -22/);

  const other = await laptop();
  await other.run(['modprobe', 'vfio-pci']);
  other.write('/sys/bus/pci/devices/0000:00:1c.0/driver_override', 'vfio-pci\n');
  other.write('/sys/bus/pci/devices/0000:00:1c.0/driver/unbind', '0000:00:1c.0');
  other.write('/sys/bus/pci/drivers_probe', '0000:00:1c.0');
  assert.equal(driver(other, '0000:00:1c.0'), null);
});

test('bind refuses what does not match, what is bound, and what is not there', async () => {
  const host = await laptop();
  await host.run(['modprobe', 'vfio-pci']);
  const bind = '/sys/bus/pci/drivers/vfio-pci/bind';
  assert.throws(() => host.write(bind, CARD), /ENODEV/, 'vfio-pci has no ids of its own');
  host.write(`${sysfs}/driver_override`, 'vfio-pci');
  assert.throws(() => host.write(bind, CARD), /EBUSY/);
  assert.throws(() => host.write(bind, '0000:09:00.0'), /ENODEV/);
  assert.throws(() => host.write('/sys/bus/pci/drivers/ahci/unbind', CARD), /ENODEV/);
  assert.throws(() => host.write('/sys/bus/pci/devices/0000:09:00.0/driver_override', 'x'), /ENOENT/);
});

test('modules: loading loads what is below, unloading gives functions up, a used one stays', async () => {
  const host = await laptop();
  assert.equal(host.exists('/sys/module/vfio_pci'), false);
  await host.run(['modprobe', 'vfio-pci']);
  assert.deepEqual(names(host, '/sys/module/vfio/holders'), [
    'vfio_iommu_type1',
    'vfio_pci',
    'vfio_pci_core',
  ]);
  assert.equal(
    (await host.run(['modprobe', '-r', 'vfio'])).stderr,
    'modprobe: FATAL: Module vfio is in use.\n',
  );
  await host.run(['modprobe', '-r', 'snd_hda_intel']);
  assert.equal(driver(host, CARD), null);
  await host.run(['modprobe', 'snd_hda_intel']);
  assert.equal(driver(host, CARD), 'snd_hda_intel');
  const missing = await host.run(['modprobe', 'no_such']);
  assert.equal(missing.code, 1);
  assert.match(
    missing.stderr,
    /^modprobe: FATAL: Module no_such not found in directory \/lib\/modules\/6\.17/,
  );
});

test('every other file and program is not simulated, by name', async () => {
  const host = await laptop();
  const notSimulated = (text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'not-simulated');
    assert.match(error.message, text);
    return true;
  };
  assert.throws(() => host.write('/sys/bus/pci/rescan', '1'), notSimulated(/\/sys\/bus\/pci\/rescan/));
  assert.throws(() => host.write(`${sysfs}/reset_method`, 'pm'), notSimulated(/reset_method/));
  assert.throws(
    () => host.write('/sys/bus/pci/drivers/vfio-pci/new_id', 'x'),
    /ENOENT/,
    'no such driver yet',
  );
  assert.throws(() => host.write('/sys/bus/pci/drivers/ahci/new_id', 'x'), notSimulated(/new_id/));
  assert.throws(() => host.append('/sys/x', 'y'), notSimulated(/\/sys\/x/));
  await assert.rejects(host.run(['setpci', '-s', '00:1b.0']), notSimulated(/setpci -s 00:1b\.0/));
  await assert.rejects(host.run(['virsh', 'migrate', 'f20vm']), notSimulated(/virsh migrate f20vm/));
  await assert.rejects(host.run(['grubby', '--default-kernel']), notSimulated(/grubby --default-kernel/));
  await assert.rejects(host.run(['modprobe', '-c']), notSimulated(/modprobe -c/));
});
