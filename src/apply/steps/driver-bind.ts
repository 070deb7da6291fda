import { driverIsVfio, driverOf } from '../../facts/driver.ts';
import { nodeDeviceDetach, nodeDeviceReattach } from '../../host/libvirt/node-device.ts';
import type { DriverBindStep } from '../../plan/step.ts';
import type { ApplyContext, Check, ChildStarted, StepKind } from './kind.ts';

/**
 * A function goes from vfio-pci to its host driver, or back. libvirt does both, since it owns the binding of what it
 * lends: we never write an override beside it.
 */
export const driverBind: StepKind<DriverBindStep> = {
  kind: 'driver-bind',
  survivesReboot: () => false,
  // With managed='yes' libvirt gives the function back by itself, shortly after the guest is off.
  settleMs: () => 10_000,

  async check({ host }, step): Promise<Check> {
    const driver = driverOf(host, step.target.address);
    const fits = (wanted: string | null) =>
      wanted === null ? driver !== null && !driverIsVfio(driver) : driver === wanted;
    const given = fits(step.after.driver) ? 'after' : fits(step.before.driver) ? 'before' : 'other';
    // Between two drivers, or the second did not take it.
    const state = given === 'other' && driver === null ? 'half' : given;
    return { state, shown: `${step.target.address} has ${driver ?? 'no driver'}`, observed: { driver } };
  },

  act(context, step, started) {
    return bind(context, step, step.after.driver, started);
  },

  undo(context, step, _, started) {
    return bind(context, step, step.before.driver, started);
  },
};

function bind(
  { host, uri }: ApplyContext,
  step: DriverBindStep,
  driver: string | null,
  started: ChildStarted,
): Promise<void> {
  const change = driver !== null && driverIsVfio(driver) ? nodeDeviceDetach : nodeDeviceReattach;
  return change(host, uri, step.target.address, started);
}
