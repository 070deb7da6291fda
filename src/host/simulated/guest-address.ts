import { addressDevice, addressFormat, addressParse } from '../../model/address.ts';
import type { Board } from './board.ts';
import { boardFunctionAt } from './board.ts';
import {
  addressNode,
  deviceAddress,
  domainDevices,
  hostdevSource,
  type Node,
  node,
  nodeChild,
  nodeRemove,
} from './domain-node.ts';

/** libvirt's words for an address that cannot be had, or null. */
type Refusal = string | null;

/**
 * Gives each hostdev a place in the guest, as libvirt does when it completes a definition. On q35 a PCI Express
 * function takes a root port of its own, a conventional one a slot behind a pcie-to-pci-bridge, controllers are added
 * where there is no room, and one root port is kept free; on i440fx all go to the first free slot of bus 0.
 */
export function guestAddressesAssign(domain: Node, board: Board): Refusal {
  const devices = domainDevices(domain);
  const q35 = controllers(devices).some((c) => c.attributes.get('model') === 'pcie-root');
  let changed = false;
  for (const device of [...devices.children]) {
    const source = hostdevSource(device);
    if (source === null) continue;
    const asked = nodeChild(device, 'address');
    const address = deviceAddress(device);
    if (address !== null) {
      // An address on a bus that is still to come brings its bus with it (virDomainPCIAddressSetGrow).
      while (q35 && addressParse(address)!.bus > Math.max(...controllers(devices).map(indexOf))) {
        portAdd(devices);
        changed = true;
      }
      const refusal = addressRefusal(devices, device, address);
      if (refusal !== null) return refusal;
      continue;
    }
    const multifunction = asked?.attributes.get('multifunction') === 'on';
    nodeRemove(device, asked);
    const express = (boardFunctionAt(board, source)?.pcie ?? null) !== null;
    const free = !q35 ? freeSlot(devices, 0) : express ? portFree(devices) : bridgeFree(devices);
    device.children.push(addressNode(free, 'pci', multifunction));
    changed = true;
  }
  if (q35 && changed) portFree(devices);
  return null;
}

/** The place where a function would go in a running guest: no controller is added to one; null when it is full. */
export function guestAddressLive(domain: Node, board: Board, source: string): string | null {
  const devices = domainDevices(domain);
  if (!controllers(devices).some((c) => c.attributes.get('model') === 'pcie-root'))
    return freeSlot(devices, 0);
  const express = (boardFunctionAt(board, source)?.pcie ?? null) !== null;
  if (!express) {
    const bridge = controllers(devices).find((c) => c.attributes.get('model') === 'pcie-to-pci-bridge');
    return bridge ? freeSlot(devices, indexOf(bridge)) : null;
  }
  const port = ports(devices).find((p) => !taken(devices).some((a) => addressParse(a)?.bus === indexOf(p)));
  return port ? addressFormat({ domain: 0, bus: indexOf(port), slot: 0, function: 0 }) : null;
}

function addressRefusal(devices: Node, device: Node, address: string): Refusal {
  const { bus, slot } = addressParse(address)!;
  const others = devices.children.filter((d) => d !== device).map(deviceAddress);
  if (others.includes(address)) return `XML error: Attempted double use of PCI Address ${address}`;
  const port = ports(devices).find((p) => indexOf(p) === bus);
  if (port && slot > 0) return `XML error: Invalid PCI address ${address}. slot must be <= 0`;
  return null;
}

function controllers(devices: Node): Node[] {
  return devices.children.filter((d) => d.name === 'controller' && d.attributes.get('type') === 'pci');
}

function ports(devices: Node): Node[] {
  return controllers(devices).filter((c) => c.attributes.get('model') === 'pcie-root-port');
}

function indexOf(controller: Node): number {
  return Number(controller.attributes.get('index') ?? 0);
}

function taken(devices: Node): string[] {
  return devices.children.flatMap((d) => deviceAddress(d) ?? []);
}

/** The first slot of the bus that nothing sits in; slot 0 of bus 0 is the host bridge's. */
function freeSlot(devices: Node, bus: number): string {
  const used = new Set(taken(devices).map(addressDevice));
  for (let slot = 1; ; slot += 1) {
    const address = addressFormat({ domain: 0, bus, slot, function: 0 });
    if (!used.has(addressDevice(address))) return address;
  }
}

/** A root port with nothing behind it, added when there is none: the address behind it. */
function portFree(devices: Node): string {
  const free = ports(devices).find((p) => !taken(devices).some((a) => addressParse(a)?.bus === indexOf(p)));
  const port = free ?? portAdd(devices);
  return addressFormat({ domain: 0, bus: indexOf(port), slot: 0, function: 0 });
}

/** A slot behind the pcie-to-pci-bridge, which is added on a root port when there is none. */
function bridgeFree(devices: Node): string {
  let bridge = controllers(devices).find((c) => c.attributes.get('model') === 'pcie-to-pci-bridge');
  if (!bridge) {
    const behind = portFree(devices);
    bridge = controllerAdd(devices, 'pcie-to-pci-bridge', [
      node('model', { name: 'pcie-pci-bridge' }),
      addressNode(behind, 'pci'),
    ]);
  }
  return freeSlot(devices, indexOf(bridge));
}

/** Root ports share a slot of bus 0, eight functions to it; the port number is slot and function, as on the wire. */
function portAdd(devices: Node): Node {
  const used = taken(devices);
  const portSlots = ports(devices)
    .map(deviceAddress)
    .flatMap((a) => (a === null ? [] : [addressDevice(a)]));
  const fresh = addressDevice(freeSlot(devices, 0));
  const slot =
    [...new Set(portSlots), fresh].find((s) => used.filter((a) => addressDevice(a) === s).length < 8) ??
    fresh;
  const fn = [0, 1, 2, 3, 4, 5, 6, 7].find((f) => !used.includes(`${slot}.${f}`)) ?? 0;
  if (fn > 0) {
    const first = devices.children.find((d) => deviceAddress(d) === `${slot}.0`);
    first && nodeChild(first, 'address')?.attributes.set('multifunction', 'on');
  }
  const index = Math.max(...controllers(devices).map(indexOf)) + 1;
  const port = ((addressParse(`${slot}.0`)?.slot ?? 0) << 3) | fn;
  return controllerAdd(devices, 'pcie-root-port', [
    node('model', { name: 'pcie-root-port' }),
    node('target', { chassis: String(index), port: `0x${port.toString(16)}` }),
    addressNode(`${slot}.${fn}`, 'pci'),
  ]);
}

/** Behind the PCI controllers that are there, with the next index: the number of the bus that it makes. */
function controllerAdd(devices: Node, model: string, children: Node[]): Node {
  const index = Math.max(...controllers(devices).map(indexOf)) + 1;
  const controller = node('controller', { type: 'pci', index: String(index), model }, children);
  devices.children.splice(devices.children.indexOf(controllers(devices).at(-1)!) + 1, 0, controller);
  return controller;
}
