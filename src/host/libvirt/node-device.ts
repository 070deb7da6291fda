import { addressNodeDevice } from '../../model/address.ts';
import type { Host } from '../host.ts';
import { type ChangeStarted, virshChange } from './virsh.ts';

/** To vfio-pci. Done already is no error. Note that libvirt does it to a bridge, too, and leaves it without a driver. */
export function nodeDeviceDetach(
  host: Host,
  uri: string,
  address: string,
  started?: ChangeStarted,
): Promise<void> {
  return virshChange(host, uri, ['nodedev-detach', addressNodeDevice(address)], { started });
}

/** Back to the driver that the kernel picks. Done already is no error. */
export function nodeDeviceReattach(
  host: Host,
  uri: string,
  address: string,
  started?: ChangeStarted,
): Promise<void> {
  return virshChange(host, uri, ['nodedev-reattach', addressNodeDevice(address)], { started });
}
