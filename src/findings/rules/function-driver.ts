import { factOf } from '../../facts/gap.ts';
import { isPassthroughDriver } from '../function-word.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-driver';

export const functionDriver: Rule = {
  id,
  title: 'driver',
  about: 'function',
  needs: ['functions', 'override', 'libvirt'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'info' }, (fn) => {
      const driver = evidence(sysfsOf(fn.address, 'driver'), fn.driver ?? 'no driver');
      // While a guest runs, the override and vfio-pci are libvirt's own doing.
      if (model.lends.some((lend) => lend.address === fn.address && lend.live && lend.managed)) {
        return clear(id, fn.address, `libvirt has it on ${fn.driver ?? 'no driver'} for a running guest`, [
          driver,
        ]);
      }
      const override = factOf(model.snapshot, 'functions.driverOverride', fn.address, fn.driverOverride);
      if (override.state === 'unread') {
        return unknown(id, fn.address, 'info', model, 'functions.driverOverride', fn.address);
      }
      if (override.state === 'read') {
        const why = isPassthroughDriver(override.value)
          ? `somebody keeps it on ${override.value} by an override (driverctl, a udev rule or a hand): it will stay there when the guest stops`
          : `somebody forces it to ${override.value} by an override (driverctl, a udev rule or a hand), and libvirt will clear that when the guest stops`;
        return found(id, fn.address, {
          severity: isPassthroughDriver(override.value) ? 'info' : 'warning',
          why,
          evidence: [driver, evidence(sysfsOf(fn.address, 'driver_override'), override.value)],
        });
      }
      if (fn.driver === null) {
        const why = 'no driver has it: the host does nothing with it now';
        return found(id, fn.address, { severity: 'info', why, evidence: [driver] });
      }
      if (isPassthroughDriver(fn.driver)) {
        const why = `it is on ${fn.driver} already, though no guest runs with it: libvirt will leave it there when the guest stops`;
        return found(id, fn.address, { severity: 'info', why, evidence: [driver] });
      }
      return clear(id, fn.address, `${fn.driver} has it, and nobody overrides that`, [driver]);
    }),
  signatures: [/Unmanaged PCI device \S+ must be manually detached from the host/],
  explainsAway: [],
  page: {
    what: 'Something other than the plain host driver decides about this function: an override is set, it is on vfio-pci without a guest, or it has no driver.',
    why: 'One owner at a time. With a managed hostdev libvirt writes `driver_override`, binds vfio-pci at the start and clears the override at the stop. If the function was on vfio-pci before, libvirt leaves it there. An override of driverctl or of a udev rule that names another driver is lost with libvirt’s next stop, until the rule runs again. An unmanaged hostdev must be on vfio-pci before the start: `Unmanaged PCI device … must be manually detached from the host`.',
    cure: 'Nothing, if that is what was meant. Otherwise take the override back where it was made (`driverctl unset-override ADDRESS`, or the udev rule), and let libvirt manage the function.',
  },
};
