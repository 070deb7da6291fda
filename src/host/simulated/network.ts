import { type Answer, answer, failed } from './answer.ts';

/** Of the one network that libvirt installs and that every board has running. */
const NAME = 'default';
const UUID = 'd3fa0175-0a1b-4c2d-8e3f-000000000122';
/** libvirt's own bridge: an interface of the host with no interface of the host in it. */
export const NETWORK_BRIDGE = 'virbr0';
export const NETWORK_BRIDGE_MAC = '52:54:00:d3:fa:01';

/** The quiet answers of `net-list`; its table is for people. Null for another list than of names or UUIDs. */
export function networkListText(options: ReadonlySet<string>): Answer | null {
  const inactive = options.has('inactive');
  if (options.has('uuid')) return answer(inactive ? '' : `${UUID}\n`);
  return options.has('name') ? answer(inactive ? '' : `${NAME}\n`) : null;
}

export function networkInfo(name: string): Answer {
  if (!isKnown(name)) return unknownNetwork(name);
  const rows = [
    ['Name', NAME],
    ['UUID', UUID],
    ['Active', 'yes'],
    ['Persistent', 'yes'],
    ['Autostart', 'yes'],
    ['Bridge', NETWORK_BRIDGE],
  ];
  return answer(rows.map(([key, value]) => `${`${key}:`.padEnd(16)}${value}\n`).join(''));
}

/** As it runs: libvirt has filled in the ports that it translates to. */
export function networkXml(name: string): Answer {
  if (!isKnown(name)) return unknownNetwork(name);
  return answer(`<network>
  <name>${NAME}</name>
  <uuid>${UUID}</uuid>
  <forward mode='nat'>
    <nat>
      <port start='1024' end='65535'/>
    </nat>
  </forward>
  <bridge name='${NETWORK_BRIDGE}' stp='on' delay='0'/>
  <mac address='${NETWORK_BRIDGE_MAC}'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
`);
}

function isKnown(name: string): boolean {
  return name === NAME || name === UUID;
}

function unknownNetwork(name: string): Answer {
  return failed(
    `failed to get network '${name}'`,
    `Network not found: no network with matching name '${name}'`,
  );
}
